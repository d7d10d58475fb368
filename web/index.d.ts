// Types of the elements, for TypeScript, JSX and editors.

/** What the backend of a page gives it: the token of a reconnect session, and the address of a hosted log-in. */
export interface GivenSession {
  /** `token` of the answer of `POST /v1/reconnect-sessions`, or of its refresh. */
  token: string;
  /** `url` of the answer of `POST /v1/reconnect-links`; needed where `consent` is `hosted`. */
  link?: string | null;
}

/** What a page is asked for when it gives a session. */
export interface SessionRequest {
  /** The session whose token ends; null for the first one. */
  sessionId: string | null;
  /** A person logs in with the link: give the session of the link once it has one. */
  isWaiting: boolean;
}

/** Rejecting with the `TypeError` of `fetch` means that the backend was not reached: it is called again. */
export type FetchSession = (asked: SessionRequest) => Promise<GivenSession>;

/** A log-in at Meta, as a page hands it over. */
export type Login = { code: string; redirect_uri?: string | null } | { access_token: string };

export type Step = 'loading' | 'choose' | 'waiting' | 'checking' | 'preview' | 'running' | 'summary' | 'stopped';

export type Verdict = 'all_done' | 'some_need_someone' | 'nothing_changed';

export interface Attention {
  /** Assets that are not well. */
  total: number;
  /** Those of them that a log-in heals. */
  actionRequired: number;
}

/** One finding of the doctor. */
export interface Finding {
  code: 'session' | 'origin' | 'link' | 'opener_policy' | 'pop_up' | 'in_app_browser' | 'frame' | 'policy' | 'clock';
  ok: boolean;
  /** What to do; null where nothing is wrong. */
  detail: string | null;
}

/** A reconnect without its items, as the API describes it. */
export interface Reconnect {
  id: string;
  status: 'running' | 'completed' | 'cancelled';
  verdict: Verdict | null;
  undo_of: string | null;
  person: { id: string; name: string | null; is_work_account: boolean | null } | null;
  counts: Record<string, number>;
  total: number;
  created_at: string;
  finished_at: string | null;
}

/** A log-in that a person asks for. The banner asks without saying which. */
export interface ConsentRequest {
  form: 'hosted' | 'code' | 'token';
  /** Meta should ask again for what was chosen there before: `auth_type=rerequest`. */
  asksAgain: boolean;
  /** The person who should log in, if the session is for one. */
  personId: string | null;
  /** The assets that the person wants to reconnect. */
  assetIds: string[];
}

/** The events of the elements. Each bubbles and leaves shadow roots; none holds a token. */
export interface RegrantEventMap {
  ready: CustomEvent<{ sessionId: string }>;
  'load-error': CustomEvent<{ code: string }>;
  'step-change': CustomEvent<{ step: Step }>;
  'attention-change': CustomEvent<Attention>;
  'consent-needed': CustomEvent<ConsentRequest>;
  previewed: CustomEvent<{ counts: Record<string, number>; person: Reconnect['person'] }>;
  progress: CustomEvent<{ done: number; total: number }>;
  finished: CustomEvent<Reconnect>;
  closed: CustomEvent<Record<string, never>>;
}

declare class SessionElement extends HTMLElement {
  /** Gives the session of the page. Called again before it ends. */
  fetchSession?: FetchSession;
  /** Texts by code that replace those of the element. */
  texts?: Record<string, string | Partial<Record<Intl.LDMLPluralRule, string>>>;
  /** How the assets are; null while that is not known. */
  readonly attention: Attention | null;
  /** Reads the session again and goes to its step. */
  start(): Promise<void>;
  /** Stops asking. What was confirmed continues on the server. */
  stop(): void;
  addEventListener<K extends keyof RegrantEventMap>(
    name: K, listener: (this: this, event: RegrantEventMap[K]) => void, options?: boolean | AddEventListenerOptions): void;
  addEventListener(name: string, listener: EventListenerOrEventListenerObject | null, options?: boolean | AddEventListenerOptions): void;
}

/** `<regrant-reconnect>`: shows which assets need a log-in, takes it, and reconnects them. */
export class RegrantReconnect extends SessionElement {
  readonly step: Step;
  readonly session: Record<string, unknown> | null;
  readonly preview: Record<string, unknown> | null;
  readonly reconnect: Reconnect | null;
  readonly items: Record<string, unknown>[];
  readonly assets: Record<string, unknown>[];
  /** Ids of the assets that the person wants to reconnect: all, until some are left out. */
  readonly chosen: string[];
  readonly verdict: Verdict | null;
  /** Takes a log-in that the page got. It is sent once and not kept. */
  giveConsent(login: Login): Promise<void>;
  /** Says that the log-in of the page came to nothing. */
  cancelConsent(): void;
  confirm(): Promise<void>;
  undo(): Promise<void>;
  /** Reads the assets again. */
  refresh(): Promise<void>;
  close(): void;
  /** What may keep the flow from working on this page. */
  doctor(): Promise<Finding[]>;
}

/** `<regrant-status>`: one line that says how many assets need a person. It is quiet when none does. */
export class RegrantStatus extends SessionElement {}

/** The attributes of the tags. */
export interface RegrantAttributes {
  /** Address of the API; that of the page if absent. */
  api?: string;
  lang?: string;
  id?: string;
  class?: string;
  ref?: unknown;
  key?: string | number;
  fetchSession?: FetchSession;
}

export interface RegrantReconnectAttributes extends RegrantAttributes {
  /** How a log-in comes: on the hosted page (the default), or from the page itself. */
  consent?: 'hosted' | 'code' | 'token';
  onready?: (event: RegrantEventMap['ready']) => void;
  onfinished?: (event: RegrantEventMap['finished']) => void;
  'onload-error'?: (event: RegrantEventMap['load-error']) => void;
  'onstep-change'?: (event: RegrantEventMap['step-change']) => void;
  'onattention-change'?: (event: RegrantEventMap['attention-change']) => void;
  'onconsent-needed'?: (event: RegrantEventMap['consent-needed']) => void;
}

declare global {
  interface HTMLElementTagNameMap {
    'regrant-reconnect': RegrantReconnect;
    'regrant-status': RegrantStatus;
  }
}

declare module 'react' {
  namespace JSX {
    interface IntrinsicElements {
      'regrant-reconnect': RegrantReconnectAttributes;
      'regrant-status': RegrantAttributes & Pick<RegrantReconnectAttributes, 'onattention-change' | 'onconsent-needed'>;
    }
  }
}
