// Draws the step of the flow: a heading, sentences, the buttons, then lists.
//
// The rule: a step is drawn once and then changed in place, so that focus, scrolling and a selection stay.

import { h } from './html.js';
import { replaceState } from './rows.js';
import { Steps, markOf } from './steps.js';

// At most one announcement in this time, in milliseconds.
const QUIET = 5000;

export class View extends Steps {
  #head = h('div');
  #live = h('p', { class: 'live', role: 'status' });
  #body = h('div');
  #frame = h('section', { class: 'frame', part: 'frame', 'aria-labelledby': 'title', lang: this.words.lang }, this.#head, this.#live, this.#body);
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
    const { flow } = this;
    const focused = this.#frame.getRootNode().activeElement;
    const isSame = this.#frame.dataset.step === flow.step;
    const act = focused?.dataset.act;
    const tops = isSame ? this.#boxes().map((it) => it.scrollTop) : [];
    this.#frame.dataset.step = flow.step;
    this.#drawn = this.#mark();
    const { title, isGood, lead, bar, acts = [], body = [] } = this[flow.step]();
    this.#head.replaceChildren(
      h('h2', { id: 'title', tabindex: '-1', part: 'title', class: isGood && 'good' }, title),
      ...lead.filter(Boolean).map((it) => h('p', { class: 'lead' }, it)),
      ...this.#notice(),
      ...(bar ?? []),
      h('div', { class: 'acts', part: 'acts' }, acts));
    const lists = body.filter(Boolean);
    if (!lists[0] || lists[0] !== this.#body.firstChild) {
      this.#body.replaceChildren(...lists);
      this.#boxes().forEach((it, at) => { it.scrollTop = tops[at] ?? 0; });
    }
    if (flow.step === 'choose') this.chosen();
    if (!isSame) this.announce(flow.trouble);
    this.#progress();
    this.#frame.setAttribute('aria-busy', ['loading', 'checking'].includes(flow.step));
    const same = isSame && act && this.#head.querySelector(`[data-act=${act}]`);
    if (focused && !focused.isConnected) (same || this.#head.firstChild).focus({ preventScroll: isSame });
  }

  // Shows what is chosen.
  chosen() {
    this.showChoice(this.#frame);
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
    button.textContent = this.text('running');
  }

  // An item of a reconnect that was settled.
  item(item) {
    const shown = this.rows.get(item.asset_id);
    if (shown) replaceState(shown, this.itemRow(item));
    this.#drawing ??= setTimeout(() => { this.#drawing = null; this.#progress(); }, 100);
  }

  // How far the preview is.
  checked({ done, total }) {
    this.bar.max = total;
    this.bar.value = Math.min(done, total);
  }

  #notice() {
    const { notice } = this.flow;
    if (!notice) return [];
    const code = this.words.has(notice) ? notice : /^(token|code)_/.test(notice) ? 'refused' : 'unexpected';
    return [h('p', { class: 'note', role: 'alert', part: 'note' }, this.text(code, { person: this.personName() }))];
  }

  #boxes() {
    return [...this.#frame.querySelectorAll('.rows')];
  }

  #mark() {
    const { step, hasAllAssets, assets } = this.flow;
    return [step, hasAllAssets, ...[...assets.values()].map(markOf)].join();
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
