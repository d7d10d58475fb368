// What each step of the flow says, offers and lists.

import { Choice, move } from './choice.js';
import { COVERAGES, GROUPS, attentionOf, groupOfItem, needsPerson, split } from './groups.js';
import { h } from './html.js';
import { replaceState, row, scrollBox } from './rows.js';

// A method for each step; it returns the title, sentences, a bar, buttons and lists.
export class Steps {
  // The progress of the step, if it has one.
  bar;
  // The rows of a reconnect that runs, by asset.
  rows = new Map();

  #choice;
  // The list of the first step: its section, and its rows by asset, each with the mark of what it shows.
  #list = {};

  // `acts` are what buttons do, by the code of their text.
  constructor(flow, words, acts) {
    this.flow = flow;
    this.words = words;
    this.acts = acts;
    this.#choice = new Choice(flow);
  }

  loading() {
    return { title: this.text('choose'), lead: [this.text('loading')], bar: this.#wait() };
  }

  choose() {
    const { assets, session, hasAllAssets, reconnect, consent } = this.flow;
    const all = [...assets.values()];
    const needy = all.filter(needsPerson);
    const first = needy.map((it) => it.ending?.at).filter((it) => Date.parse(it) > this.flow.now()).sort()[0];
    const isClear = hasAllAssets && attentionOf(all).actionRequired === 0;
    return {
      title: this.text('choose'),
      lead: [
        hasAllAssets && (isClear ? this.text('none_needed', { date: this.words.date(this.flow.now()) }) : this.text('need', { n: needy.length })),
        first && this.text('first_end', { date: this.words.date(first) }),
        session.person_id && this.text('for_person', { person: this.personName() }),
        this.text('nothing_yet'),
      ],
      acts: [
        consent && this.#button('check_again', 'main'),
        this.#button(reconnect || consent ? 'log_in_again' : 'log_in', isClear || consent ? '' : 'main'),
        this.#button('copy', 'quiet'),
      ],
      body: [this.#assetList(all)],
    };
  }

  waiting() {
    const { link } = this.flow;
    return {
      title: this.text('waiting'),
      lead: [this.text('waiting_hint')],
      bar: this.#wait(),
      acts: [
        link && h('a', { class: 'button main', href: link, target: '_blank' }, this.text('open_again')),
        this.#button('i_closed_it'),
      ],
    };
  }

  checking() {
    return { title: this.text('checking'), lead: [this.text('nothing_yet')], bar: this.#wait() };
  }

  preview() {
    const { preview, consent, differing, unchosen } = this.flow;
    const groups = split(preview.items, COVERAGES, (it) => it.coverage);
    const useful = preview.items.filter((it) => ['will_replace', 'would_park'].includes(it.coverage)).length;
    const scopes = consent.missing_scopes.join(', ');
    const isWhole = !preview.left_out.length && !preview.more_siblings && !scopes;
    return {
      title: this.text('preview'),
      lead: [
        this.text('logged_in_as', { person: consent.person.name ?? consent.person.id }),
        scopes && this.text('missing_scopes', { scopes }),
        preview.more_siblings && this.text('more_siblings'),
        unchosen.size > 0 && this.#chosen(),
      ],
      bar: [this.#share(groups)],
      acts: [
        useful > 0 && preview.plan_id && this.#button('confirm', 'main', { n: useful }),
        this.#change(),
        this.#button('choose_again', isWhole ? 'quiet' : ''),
        this.#button('check_again', 'quiet'), this.#button('other_person', 'quiet'),
      ],
      body: [
        this.#leftOut(preview.left_out),
        ...groups.map(([name, items]) => this.#itemGroup(name, items, '', (it) => ({ mark: differing.has(it.asset_id) && this.text('changed') }))),
      ],
    };
  }

  running() {
    const { reconnect, items } = this.flow;
    this.rows.clear();
    const bar = this.#wait();
    this.bar.max = reconnect.total;
    this.bar.value = 0;
    return {
      title: this.text(reconnect.undo_of ? 'undoing' : 'running'),
      lead: [this.text('running_hint')],
      bar,
      body: [scrollBox(this.text('running'), [[null, [...items.keys()]]], (id) => {
        const made = this.itemRow(items.get(id));
        this.rows.set(id, made);
        return made;
      })],
    };
  }

  summary() {
    const { reconnect, items, assets } = this.flow;
    const { undo_of: isUndo, person, created_at: at } = reconnect;
    this.rows.clear();
    // The asset of a parked item may be served by the new token meanwhile. The token before it may be of the same person.
    const took = (it) => {
      const asset = assets.get(it.asset_id);
      return it.outcome === 'parked' && asset?.person_id === person?.id && Date.parse(asset?.token_since) >= Date.parse(at);
    };
    const groups = split(items.values(), GROUPS, (it) => (took(it) ? 'done' : groupOfItem(it, isUndo)));
    const has = (name) => groups.some(([it]) => it === name);
    const isAllDone = groups.every(([name]) => ['done', 'restored'].includes(name));
    const until = [...items.values()].map((it) => it.undo_until).filter(Boolean).sort().pop();
    const all = isUndo ? 'undone' : 'all_done';
    const some = isUndo ? (has('restored') ? 'undone_in_part' : 'nothing_changed') : reconnect.verdict;
    const canUndo = !isUndo && until && Date.parse(until) > this.flow.now();
    return {
      title: this.text(isAllDone ? all : some),
      isGood: isAllDone,
      lead: [canUndo && this.text('undo_hint', { date: this.words.date(until) })],
      bar: [this.#share(groups)],
      acts: [
        !isAllDone && this.#button('log_in_again', has('retry') ? 'main' : ''),
        this.#change(),
        canUndo && this.#button('undo'),
        isAllDone && this.#button('log_in_again', 'quiet'),
        this.#button('download', 'quiet'),
      ],
      body: groups.map(([name, list]) => this.#itemGroup(name, list, ['done', 'kept'].includes(name) ? '' : this.text(`${name}_hint`),
        (it) => this.#outcomeOf(it, name, took(it)))),
    };
  }

  stopped() {
    return { title: this.text('stopped'), lead: [], acts: [this.#button('resume', 'main')] };
  }

  // The name of the person who should log in; two accounts of one person often have the same one.
  personName() {
    const { session, assets } = this.flow;
    const id = session?.person_id;
    const name = [...assets.values()].find((it) => it.person_id === id)?.person_name;
    return name ? `${name} (${id})` : id ?? '';
  }

  text(code, values) {
    return this.words.text(code, values);
  }

  // The row of an item while its reconnect runs.
  itemRow(item) {
    const group = groupOfItem(item, this.flow.reconnect.undo_of);
    return this.#row(item.asset_id, { ...this.#outcomeOf(item, group), why: this.#whyOf(item, group) });
  }

  #outcomeOf({ outcome }, group, hasTakenOver) {
    return { state: this.text(hasTakenOver ? 'replaced' : outcome ?? 'open'), tone: group };
  }

  #whyOf({ reason, retry_at: at }, group) {
    if (group === 'done' || !reason) return '';
    return `${reason.detail} ${reason.next_step} ${at ? this.text('retry_at', { date: this.words.date(at) }) : ''}`;
  }

  // Shows in the boxes, in their count and on the button what is chosen.
  showChoice(root) {
    this.#choice.update(root);
    root.querySelectorAll('.count').forEach((it) => { it.textContent = this.#chosen(); });
    root.querySelectorAll('.acts button').forEach((it) => it.setAttribute('aria-disabled', !this.flow.chosen.length));
  }

  #chosen() {
    return this.text('chosen', { n: this.flow.chosen.length, total: this.flow.assets.size });
  }

  // The list of all assets. It stays where it is while a person chooses; what changed is shown in its rows.
  #assetList(all) {
    const { section, rows } = this.#list;
    if (!section?.isConnected || rows.size !== all.length) return this.#newList(all);
    for (const it of all) {
      const { made, mark } = rows.get(it.id) ?? {};
      if (!made || mark === markOf(it)) continue;
      replaceState(made, this.#assetRow(it));
      rows.set(it.id, { made, mark: markOf(it) });
    }
    return section;
  }

  #newList(all) {
    const rows = new Map(all.map((it) => [it.id, null]));
    const box = (list, isInList, ...text) => (all.length > 1 ? this.#choice.label(list.map((it) => it.id), isInList, ...text) : h('span', null, ...text));
    const groups = this.#byBusiness(all).map(([name, list]) => [box(list, true, name), list]);
    const section = this.#section('tick', all.length, this.text('tick_hint'), groups, ({ id }) => {
      const it = this.flow.assets.get(id);
      const made = this.#assetRow(it, (...text) => box([it], true, ...text));
      rows.set(id, { made, mark: markOf(it) });
      return made;
    });
    if (all.length > 1) {
      section.lastChild.before(h('p', { class: 'all' }, box(all, false, this.text('all'))));
      section.lastChild.addEventListener('keydown', move);
    }
    this.#list = { section, rows };
    return section;
  }

  // A bar that says that something is under way; a number makes it a progress.
  #wait() {
    this.bar = h('progress', { 'aria-labelledby': 'title' });
    return [this.bar];
  }

  // Where there is something to choose.
  #change() {
    return this.flow.assets.size > 1 && this.#button('change');
  }

  #button(code, look = '', values) {
    const press = () => this.acts[code]();
    return h('button', { type: 'button', 'data-act': code, class: look, part: `button ${look}`, onclick: press }, this.text(code, values));
  }

  #section(code, count, hint, groups, make) {
    const label = this.text(code);
    return count > 0 && h('section', { class: `group ${code}`, part: 'group' },
      h('h3', null, label, ' ', h('span', { class: 'count', 'aria-live': 'polite' }, this.words.number(count))),
      hint && h('p', { class: 'hint' }, hint),
      scrollBox(label, groups, make));
  }

  // A group of items. A reason that all of them have is said once, above them.
  #itemGroup(name, items, hint, factsOf) {
    const why = (it) => this.#whyOf(it, name);
    const shared = items.every((it) => why(it) === why(items[0])) && why(items[0]);
    return this.#section(name, items.length, shared ? `${hint} ${shared}` : hint, [[null, items]],
      (it) => this.#row(it.asset_id, { why: !shared && why(it), ...factsOf(it) }));
  }

  // What the log-in before reached and this one leaves out, also beside the assets of this page.
  #leftOut(list) {
    return this.#section('left_out', list.length, this.text('left_out_hint'), [[null, list]], (it) => row(this.words, it, {
      id: it.asset_id,
      state: it.is_used && this.text('in_use'),
      tone: 'left_out',
      why: [this.text(it.cause), it.lost_scopes.length && this.text('lost', { scopes: it.lost_scopes.join(', ') })].filter(Boolean).join(' '),
    }));
  }

  // How many are in each group, as a picture; the headings say the same in words.
  #share(groups) {
    const parts = groups.map(([name, list]) => {
      const part = h('i', { class: name });
      part.style.flexGrow = list.length;
      return part;
    });
    return h('div', { class: 'bar', 'aria-hidden': 'true' }, parts);
  }

  #byBusiness(assets) {
    const groups = new Map();
    for (const it of assets) {
      const name = it.business_name ?? it.business_id ?? this.text('no_business');
      if (!groups.has(name)) groups.set(name, []);
      groups.get(name).push(it);
    }
    return [...groups];
  }

  #assetRow(asset, label) {
    const { state, ending, reason } = asset;
    const date = ending && this.words.date(ending.at);
    const until = ending && this.text(ending.confidence === 'certain' ? 'until' : 'maybe', { date });
    return this.#row(asset.id, {
      label,
      state: this.text(state),
      tone: { healthy: 'done', disconnected: 'impossible' }[state] ?? 'retry',
      why: state === 'healthy' ? until : [until && `${until}, ${this.text(ending.cause)}.`, reason.next_step].filter(Boolean).join(' '),
    });
  }

  #row(id, facts) {
    return row(this.words, this.flow.assets.get(id), { id, ...facts });
  }
}

// What the row of an asset shows, as a text to compare.
export const markOf = ({ state, person_id: person, token_since: since, ending }) => [state, person, since, ending?.at].join();
