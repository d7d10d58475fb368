// What both elements share: a root, the session of the page, the language, and events.
//
// The rule: an event is a state that can be read as well, and a listener that comes late still gets it: a page that is
// hydrated adds its listeners after the element has started. No event holds a token.

import { dress } from './style.js';

// Not on a server, which only renders the tag.
const Base = globalThis.HTMLElement ?? class {};

// These are no states: a listener that comes late does not get them.
const MOMENTS = ['consent-needed', 'closed'];

export class SessionElement extends Base {
  static observedAttributes = ['api', 'lang'];
  #root;
  #states;
  #said = new Map();
  // Listeners by the name of their event, and how many of them were removed in this task.
  #heard = {};
  #removed = {};
  #fetchSession;
  #texts;

  // Gives `{ token, link }` from the backend of the page. Called again before the session ends, with its id.
  get fetchSession() { return this.#fetchSession; }
  set fetchSession(run) {
    const isFirst = !this.#fetchSession;
    this.#fetchSession = run;
    if (isFirst && run && this.isConnected) this.start();
  }

  // Texts by code that replace those of the element.
  get texts() { return this.#texts; }
  set texts(texts) {
    const isNew = JSON.stringify(texts) !== JSON.stringify(this.#texts);
    this.#texts = texts;
    if (isNew) this.#restart();
  }

  // `{ total, actionRequired }`, or null while it is not known.
  get attention() { return this.#said.get('attention-change') ?? null; }

  connectedCallback() {
    // A page may have set them before the element was defined.
    for (const name of ['texts', 'fetchSession']) {
      if (!Object.hasOwn(this, name)) continue;
      const value = this[name];
      delete this[name];
      this[name] = value;
    }
    if (this.fetchSession) this.start();
  }

  disconnectedCallback() { this.stop(); }

  attributeChangedCallback(_, before, now) {
    if (before !== now) this.#restart();
  }

  addEventListener(name, listener, options) {
    super.addEventListener(name, listener, options);
    if (!listener) return;
    (this.#heard[name] ??= new Set()).add(listener);
    options?.signal?.addEventListener('abort', () => this.removeEventListener(name, listener));
    if (this.#removed[name] > 0) this.#removed[name] -= 1;
    else if (this.#said.has(name)) this.#repeat(name, listener, options);
  }

  // A listener that is added in the same task takes the place of the removed one, and hears nothing twice: effects of
  // frameworks do so after each event that changes their page.
  removeEventListener(name, listener, options) {
    super.removeEventListener(name, listener, options);
    if (!this.#heard[name]?.delete(listener)) return;
    this.#removed[name] = (this.#removed[name] ?? 0) + 1;
    setTimeout(() => { this.#removed = {}; });
  }

  // Says to a listener that comes late what was said last.
  #repeat(name, listener, options) {
    const event = new CustomEvent(name, { detail: this.#said.get(name) });
    if (options?.once) super.removeEventListener(name, listener, options);
    queueMicrotask(() => (listener.handleEvent ? listener.handleEvent(event) : listener.call(this, event)));
  }

  // The shadow root, with the style.
  open() {
    if (!this.#root) {
      this.#root = this.attachShadow({ mode: 'open' });
      dress(this.#root);
      this.#states = this.attachInternals().states;
    }
    return this.#root;
  }

  say(name, detail = {}) {
    if (!MOMENTS.includes(name)) this.#said.set(name, detail);
    if (name === 'ready') this.#said.delete('load-error');
    this.dispatchEvent(new CustomEvent(name, { bubbles: true, composed: true, detail }));
  }

  // Makes the step a state that styles can select: `:state(preview)`.
  show(step) {
    this.#states?.clear();
    this.#states?.add(step);
  }

  #restart() {
    if (this.isConnected && this.#root) this.start();
  }
}
