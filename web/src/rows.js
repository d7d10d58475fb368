// Lists of assets: real list items, which the browser lays out only where they are seen. All of them are found by Ctrl-F
// and read by screen readers.

import { h, pause } from './html.js';

// For how long rows are made before the page gets a turn, in milliseconds.
const SLICE = 8;

// A list in a box that scrolls; `make` makes the item of each entry. `groups` are pairs of a heading (or null) and entries.
export function scrollBox(label, groups, make) {
  const box = h('div', { class: 'rows', part: 'rows', role: 'group', 'aria-label': label, tabindex: '0' });
  fill(box, groups, make);
  return box;
}

async function fill(box, groups, make) {
  let until = performance.now() + SLICE;
  for (const [heading, entries] of groups) {
    const list = h('ul', { role: 'list' });
    box.append(...(heading ? [h('h4', null, heading)] : []), list);
    for (const entry of entries) {
      list.append(make(entry));
      if (performance.now() < until) continue;
      await pause();
      // The box was replaced while the page had its turn.
      if (!box.isConnected) return;
      until = performance.now() + SLICE;
    }
  }
}

// One asset: its name, its kind and id, its state and why. `label` may put the name beside a box.
export function row(words, asset, { state, tone, why, mark, id, label = (...text) => h('span', null, text) }) {
  const kind = asset && words.text(asset.kind);
  return h('li', { part: 'row' },
    label(asset?.name ?? id, mark && [' ', h('mark', null, mark)],
      h('span', { class: 'meta' }, asset?.name ? `${kind} · ${id}` : kind)),
    h('span', { class: `state ${tone}` }, state),
    why && h('p', { class: 'why' }, why));
}

// Shows in a row what another one of the same asset shows. The name stays, with its box, which may have the focus.
export function replaceState(shown, made) {
  [...shown.children].slice(1).forEach((it) => it.remove());
  shown.append(...[...made.children].slice(1));
}
