// Calls of the API with the token of a reconnect session, which stays in memory.
//
// The rule: a call that can be repeated is repeated until it is answered: reads, and writes under their idempotency key.
// A session that has ended is asked for again, once, and the call continues with the new token.

const PAUSES = [1, 2, 5, 10, 20, 30];
// How long before its end a session is renewed, in seconds: less where its life is short.
const EARLY = 60;

// An error with the code by which a text, or the flow, knows it.
export const refusal = (code) => Object.assign(new Error(code), { code });

// A session of the page. Elements that are given the same function share it, and its token.
class Session {
  static #all = new WeakMap();
  id = null;
  token = null;
  // The address of the hosted log-in, if the page's backend gave one.
  link;
  // When it is renewed.
  dueAt;
  // Milliseconds by which the clock of the server is ahead of ours, once it is known.
  skew;
  #fetch;
  #renewal = null;

  static of(fetchSession) {
    if (!this.#all.has(fetchSession)) this.#all.set(fetchSession, new Session(fetchSession));
    return this.#all.get(fetchSession);
  }

  constructor(fetchSession) {
    this.#fetch = fetchSession;
  }

  // Asks the page for a session; callers that come meanwhile share the answer. While a person logs in on the hosted page,
  // the backend gives the session of the link, once there is one.
  renew(isWaiting = false) {
    this.#renewal ??= this.#ask(isWaiting).finally(() => { this.#renewal = null; });
    return this.#renewal;
  }

  async #ask(isWaiting) {
    try {
      const { token, link } = (await this.#fetch({ sessionId: this.id, isWaiting })) ?? {};
      const { sub, iat, exp } = claimsOf(token);
      Object.assign(this, { id: sub, token, link, dueAt: (exp - Math.min(EARLY, (exp - iat) / 4)) * 1000 });
    } catch (error) {
      // The page's backend was not reached. As for any other call, that is no refusal.
      throw error instanceof TypeError ? error : refusal('no_session');
    }
  }
}

// What a token says of itself: its session, and its times in seconds. It is no proof; the server alone checks it.
function claimsOf(token) {
  const [, claims = ''] = String(token).split('.');
  return JSON.parse(atob(claims.replaceAll('-', '+').replaceAll('_', '/')));
}

export class Client {
  locale = 'en';
  // Called with `offline` or `busy` while calls are not answered, with null when they are again.
  onTrouble = () => {};
  trouble = null;
  #base;

  constructor(base, fetchSession) {
    this.#base = base;
    this.session = Session.of(fetchSession);
  }

  now() {
    return Date.now() + (this.session.skew ?? 0);
  }

  // The answer of a call, as an object; null where it has no body.
  async call(method, path, { body, key, signal } = {}) {
    for (let turn = 0; ; turn += 1) {
      let wait = PAUSES[Math.min(turn, PAUSES.length - 1)];
      try {
        const answer = await this.send(method, path, { body, key, signal });
        if (answer.ok) {
          this.report(null);
          return answer.status === 204 ? null : await answer.json();
        }
        const problem = await answer.json().catch(() => ({}));
        const code = problem.type?.split('/').pop() ?? 'unknown';
        const passes = answer.status === 429 || answer.status >= 500 || code === 'call_under_way';
        if (!passes || (turn > 5 && answer.status === 500)) throw refusal(code);
        this.report('busy');
        wait = Number(answer.headers.get('retry-after')) || wait;
      } catch (error) {
        // `fetch` throws a TypeError where no answer came.
        if (!(error instanceof TypeError)) throw error;
        this.report('offline');
      }
      await rest(wait * 1000, signal);
    }
  }

  // One attempt, with a session that is open.
  async send(method, path, { body, key, signal, headers } = {}) {
    const { session } = this;
    // A clock that is not compared yet says nothing.
    if (!session.token || Date.now() + session.skew > session.dueAt) await session.renew();
    const ask = () => fetch(this.#base + path, {
      method,
      signal,
      credentials: 'omit',
      cache: 'no-store',
      body: body && JSON.stringify(body),
      headers: {
        authorization: `Bearer ${session.token}`,
        'accept-language': this.locale,
        ...(body && { 'content-type': 'application/json' }),
        ...(key && { 'idempotency-key': key }),
        ...headers,
      },
    });
    const used = session.token;
    let answer = await ask();
    if (answer.status === 401) {
      if (used === session.token) await session.renew();
      answer = await ask();
    }
    const date = Date.parse(answer.headers.get('date'));
    if (date) session.skew = date - Date.now();
    return answer;
  }

  report(trouble) {
    if (this.trouble === trouble) return;
    this.trouble = trouble;
    this.onTrouble(trouble);
  }
}

// Waits; the network that comes back, and a page that is looked at again, end it early.
export function rest(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    const over = new AbortController();
    const end = () => { clearTimeout(timer); over.abort(); (signal?.aborted ? reject(signal.reason) : resolve()); };
    const timer = setTimeout(end, milliseconds);
    const { signal: until } = over;
    addEventListener('online', end, { signal: until });
    document.addEventListener('visibilitychange', () => { if (!document.hidden) end(); }, { signal: until });
    signal?.addEventListener('abort', end, { signal: until });
    if (signal?.aborted) end();
  });
}

export const newKey = () => crypto.getRandomValues(new Uint32Array(4)).join('-');
