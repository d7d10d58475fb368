// The boxes by which a person chooses assets: one for each asset, for each group, and for all of them.
//
// The rule: a box only shows what the flow knows, so a choice outlives each drawing. A list is one stop of the tabulator,
// however long it is; the arrow keys move in it.

import { h } from './html.js';

export class Choice {
  #flow;
  // The ids that each box stands for.
  #ids = new WeakMap();

  constructor(flow) {
    this.#flow = flow;
  }

  // A label with a box for these assets. Boxes of a list are reached by its arrow keys.
  label(ids, isInList, ...text) {
    const box = h('input', { type: 'checkbox', tabindex: isInList && '-1', onchange: () => this.#flow.choose(ids, box.checked) });
    this.#ids.set(box, ids);
    this.#show(box);
    return h('label', null, box, h('span', null, ...text));
  }

  // Shows again in each box what is chosen.
  update(root) {
    root.querySelectorAll('input').forEach((it) => this.#show(it));
  }

  #show(box) {
    const ids = this.#ids.get(box);
    const count = ids.filter((it) => !this.#flow.unchosen.has(it)).length;
    box.checked = count === ids.length;
    box.indeterminate = count > 0 && !box.checked;
  }
}

// Moves from box to box of a list.
export function move(event) {
  const boxes = [...event.currentTarget.querySelectorAll('input')];
  const at = boxes.indexOf(event.target);
  const next = boxes[{ ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: boxes.length - 1 }[event.key]];
  if (!next) return;
  event.preventDefault();
  next.focus();
}
