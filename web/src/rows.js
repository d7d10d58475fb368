// Lists of assets: real list items, all of them found by Ctrl-F and read by screen readers.
//
// The rule: a long list is made in slices of time, and in parts that the browser lays out only where they are seen.

import { h, turns } from './html.js';

// Rows of a part. The style guesses its height until it was seen.
const PART = 50;

// A list in a box that scrolls; `make` makes the item of each entry. `groups` are pairs of a heading (or null) and entries.
export function scrollBox(label, groups, make) {
  const box = h('div', { class: 'rows', part: 'rows', role: 'group', 'aria-label': label, tabindex: '0' });
  fill(box, groups, make);
  return box;
}

async function fill(box, groups, make) {
  const turn = turns();
  for (const [heading, entries] of groups) {
    if (heading) box.append(h('h4', null, heading));
    for (let at = 0; at < entries.length; at += PART) {
      box.append(h('ul', { role: 'list', class: entries.length > PART && 'long' }, entries.slice(at, at + PART).map(make)));
      await turn();
      // The box may have been replaced meanwhile.
      if (!box.isConnected) return;
    }
  }
}

// One asset: its name, its kind and id, its state and why. `label` may put the name beside a box.
export function row(words, asset, { state, tone, why, mark, id, label = (...text) => h('span', null, ...text) }) {
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
