// Draws the step of the flow: a heading, sentences, the buttons, then lists.
//
// The rule: a step is drawn once and then changed in place, so that focus, scrolling and a selection stay.

import { h } from './html.js';
import { Steps } from './steps.js';

// At most one announcement in this time, in milliseconds.
const QUIET = 5000;

export class View extends Steps {
  #frame = h('section', { class: 'frame', part: 'frame', 'aria-labelledby': 'title' });
  #live = h('p', { class: 'live', role: 'status' });
  #drawing;
  #spokenAt = 0;
  #drawn;

  constructor(root, flow, words, acts) {
    super(flow, words, acts);
    root.replaceChildren(this.#frame);
  }

  // Draws the step again if its assets changed.
  refresh() {
    if (this.#mark() !== this.#drawn) this.draw();
  }

  draw() {
    const flow = this.flow;
    const focused = this.#frame.getRootNode().activeElement;
    const [isSame, act] = [this.#frame.dataset.step === flow.step, focused?.dataset.act];
    const places = isSame ? this.#boxes().map((it) => it.scrollTop) : [];
    this.#frame.dataset.step = flow.step;
    this.#drawn = this.#mark();
    const part = this[flow.step]();
    this.#live = h('p', { class: 'live', role: 'status' });
    this.#frame.replaceChildren(
      h('h2', { id: 'title', tabindex: '-1', part: 'title', class: part.isGood && 'good' }, part.title),
      ...part.lead.filter(Boolean).map((it) => h('p', { class: 'lead' }, it)),
      ...this.#notice(),
      ...(part.bar ?? []),
      h('div', { class: 'acts', part: 'acts' }, part.acts ?? []),
      this.#live,
      ...(part.body ?? []).flat().filter(Boolean));
    this.#progress();
    this.#frame.setAttribute('aria-busy', ['loading', 'checking'].includes(flow.step));
    this.#boxes().forEach((it, at) => { it.scrollTop = places[at] ?? 0; });
    const same = isSame && act && this.#frame.querySelector(`[data-act=${act}]`);
    if (focused) (same || this.#frame.firstChild).focus({ preventScroll: isSame });
  }

  // Says something beside the step: that the server cannot be reached, or with null that it can again.
  announce(code) {
    this.#live.textContent = code ? this.text(code) : '';
  }

  // The button that was pressed stays where it is, and keeps the focus.
  busy() {
    const button = this.#frame.querySelector('.main');
    if (!this.flow.isBusy || this.flow.step !== 'preview' || !button) return;
    button.setAttribute('aria-disabled', 'true');
    button.textContent = this.text('confirming');
  }

  // An item of a reconnect that was settled.
  item(item) {
    const shown = this.rows.get(item.asset_id);
    if (shown) {
      const made = this.itemRow(item);
      shown.replaceWith(made);
      this.rows.set(item.asset_id, made);
    }
    this.#drawing ??= setTimeout(() => { this.#drawing = null; this.#progress(); }, 100);
  }

  // How far the preview is.
  checked({ done, total }) {
    [this.bar.max, this.bar.value] = [total, Math.min(done, total)];
  }

  #notice() {
    const { notice } = this.flow;
    if (!notice) return [];
    const code = this.words.has(notice) ? notice : notice.startsWith('token_') || notice.startsWith('code_') ? 'refused' : 'unexpected';
    return [h('p', { class: 'note', role: 'alert', part: 'note' }, this.text(code, { person: this.personName() }))];
  }

  #boxes() {
    return [...this.#frame.querySelectorAll('.rows')];
  }

  #mark() {
    const { step, hasAllAssets, assets } = this.flow;
    return JSON.stringify([step, hasAllAssets, [...assets.values()].map((it) => [it.state, it.person_id, it.ending?.at])]);
  }

  #progress() {
    if (this.flow.step !== 'running') return;
    const { items, reconnect } = this.flow;
    const done = [...items.values()].filter((it) => it.outcome && it.outcome !== 'deferred').length;
    this.bar.value = done;
    this.acts.progressed(done, reconnect.total);
    const quiet = this.#spokenAt + QUIET - Date.now();
    if (quiet > 0) {
      this.#drawing ??= setTimeout(() => { this.#drawing = null; this.#progress(); }, quiet);
      return;
    }
    this.#spokenAt = Date.now();
    this.#live.textContent = this.text('progress', { done, n: reconnect.total });
  }
}
