// Lists of assets: real list items, which the browser lays out only where they are seen. All of them are found by Ctrl-F
// and read by screen readers.

import { h, pause } from './html.js';

const CHUNK = 200;

// A list in a box that scrolls; `make` makes the item of each entry. `groups` are pairs of a heading (or null) and entries.
export function scrollBox(label, groups, make) {
  const box = h('div', { class: 'rows', part: 'rows', role: 'group', 'aria-label': label, tabindex: '0' });
  fill(box, groups, make);
  return box;
}

async function fill(box, groups, make) {
  let left = CHUNK;
  for (const [heading, entries] of groups) {
    const list = h('ul', { role: 'list' });
    box.append(...(heading ? [h('h4', null, heading)] : []), list);
    for (const entry of entries) {
      list.append(make(entry));
      left -= 1;
      if (left > 0) continue;
      left = CHUNK;
      await pause();
      // The box was replaced while the page had its turn.
      if (!box.isConnected) return;
    }
  }
}

// One asset: its name, its kind and id, its state and why.
export function row(words, asset, { state, tone, why, mark, id }) {
  const kind = asset && words.text(asset.kind);
  return h('li', { part: 'row' },
    h('span', null,
      asset?.name ?? id, mark && [' ', h('mark', null, mark)],
      h('span', { class: 'meta' }, asset?.name ? `${kind} · ${id}` : kind)),
    h('span', { class: `state ${tone ?? ''}` }, state),
    h('p', { class: 'why', hidden: !why }, why));
}
