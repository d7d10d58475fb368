// Shows a step of the flow: a heading, one sentence, the buttons, then lists.
//
// The rule: a step is drawn once and then changed in place, so that focus, scrolling and a selection stay.

import { COVERAGES, GROUPS, attentionOf, groupOfItem, needsPerson, split } from './groups.js';
import { h } from './html.js';
import { row, scrollBox } from './rows.js';

const TONES = { done: 'good', itself: 'wait', retry: 'warn', someone: 'warn', impossible: 'bad' };
// At most one announcement in this time, in milliseconds.
const QUIET = 5000;

export class View {
  #flow;
  #words;
  #acts;
  #frame = h('section', { class: 'frame', part: 'frame', 'aria-labelledby': 'title' });
  #live = h('p', { class: 'live', role: 'status' });
  #rows = new Map();
  #bar;
  #drawing;
  #spokenAt = 0;
  #drawn;

  // `acts` are what buttons do, by the code of their text.
  constructor(root, flow, words, acts) {
    [this.#flow, this.#words, this.#acts] = [flow, words, acts];
    root.replaceChildren(this.#frame);
  }

  // Draws the step again if its assets changed.
  refresh() {
    if (this.#mark() !== this.#drawn) this.draw();
  }

  draw() {
    const flow = this.#flow;
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
    this.#frame.setAttribute('aria-busy', ['loading', 'checking'].includes(flow.step));
    this.#boxes().forEach((it, at) => { it.scrollTop = places[at] ?? 0; });
    const same = isSame && act && this.#frame.querySelector(`[data-act=${act}]`);
    if (focused) (same || this.#frame.firstChild).focus({ preventScroll: isSame });
  }

  // Says that the server cannot be reached, or can again.
  connection(code) {
    this.#live.textContent = code ? this.#text(code) : '';
  }

  // The button that was pressed stays where it is, and keeps the focus.
  busy() {
    const button = this.#frame.querySelector('.main');
    if (!this.#flow.isBusy || this.#flow.step !== 'preview' || !button) return;
    button.setAttribute('aria-disabled', 'true');
    button.textContent = this.#text('confirming');
  }

  // An item of a reconnect that was settled.
  item(item) {
    const shown = this.#rows.get(item.asset_id);
    if (shown) {
      const made = this.#itemRow(item);
      shown.replaceWith(made);
      this.#rows.set(item.asset_id, made);
    }
    this.#drawing ??= setTimeout(() => { this.#drawing = null; this.#progress(); }, 100);
  }

  loading() {
    return { title: this.#text('choose'), lead: [this.#text('loading')], bar: [h('progress', { 'aria-labelledby': 'title' })] };
  }

  choose() {
    const { assets, session, hasAllAssets, reconnect } = this.#flow;
    const all = [...assets.values()];
    const needy = all.filter(needsPerson);
    const first = needy.map((it) => it.ending?.at).filter((it) => Date.parse(it) > this.#flow.now()).sort()[0];
    const isClear = hasAllAssets && attentionOf(all).actionRequired === 0;
    return {
      title: this.#text('choose'),
      lead: [
        hasAllAssets && (isClear ? this.#text('none_needed', { at: this.#words.time(this.#flow.now()) }) : this.#text('need', { n: needy.length })),
        first && this.#text('first_end', { date: this.#words.date(first) }),
        session.person_id && this.#text('for_person', { person: this.personName() }),
        this.#text('nothing_yet'),
      ],
      acts: [
        this.#button(reconnect ? 'log_in_again' : 'log_in', isClear ? '' : 'main'),
        this.#button('copy', 'quiet'),
      ],
      body: [this.#section('tick', 'tick', all.length, this.#text('tick_hint'), this.#byBusiness(all), (it) => this.#assetRow(it))],
    };
  }

  waiting() {
    const { link } = this.#flow;
    return {
      title: this.#text('waiting'),
      lead: [this.#text('waiting_hint')],
      bar: [h('progress', { 'aria-labelledby': 'title' })],
      acts: [
        link && h('a', { class: 'button main', href: link, target: '_blank', rel: 'noopener' }, this.#text('open_again')),
        this.#button('i_closed_it'),
      ],
    };
  }

  checking() {
    return { title: this.#text('checking'), lead: [this.#text('checking_hint')], bar: [h('progress', { 'aria-labelledby': 'title' })] };
  }

  preview() {
    const { preview, consent, differing } = this.#flow;
    const groups = split(preview.items, COVERAGES, (it) => it.coverage);
    const useful = preview.items.filter((it) => ['will_replace', 'would_park'].includes(it.coverage)).length;
    const scopes = consent.missing_scopes.join(', ');
    return {
      title: this.#text('preview'),
      lead: [
        this.#text('logged_in_as', { person: consent.person.name ?? consent.person.id }),
        scopes && this.#text('missing_scopes', { scopes }),
      ],
      bar: [this.#share(groups)],
      acts: [
        useful && preview.plan_id && this.#button('confirm', 'main', { n: useful }),
        this.#button('choose_again'), this.#button('check_again'), this.#button('other_person', 'quiet'),
      ],
      body: [
        this.#siblings(preview),
        ...groups.map(([name, items]) => this.#section(name, name, items.length, null, [[null, items]], (it) => this.#row(it.asset_id, {
          why: reasonOf(it),
          mark: differing.has(it.asset_id) && this.#text('changed'),
        }))),
      ],
    };
  }

  running() {
    const { reconnect, items } = this.#flow;
    this.#rows.clear();
    this.#bar = h('progress', { max: reconnect.total, value: 0, 'aria-labelledby': 'title' });
    setTimeout(() => this.#progress());
    return {
      title: this.#text(reconnect.undo_of ? 'undoing' : 'running'),
      lead: [this.#text('running_hint')],
      bar: [this.#bar],
      body: [scrollBox(this.#text('running'), [[null, [...items.keys()]]], (id) => {
        const made = this.#itemRow(items.get(id));
        this.#rows.set(id, made);
        return made;
      })],
    };
  }

  summary() {
    const { reconnect, items, assets } = this.#flow;
    this.#rows.clear();
    // The asset of a parked item may be served by the new token meanwhile.
    const took = (it) => it.outcome === 'parked' && reconnect.person && assets.get(it.asset_id)?.person_id === reconnect.person.id;
    const nameOf = (it) => (took(it) ? 'done' : groupOfItem(it));
    const groups = split(items.values(), GROUPS, nameOf);
    const isAllDone = groups.every(([name]) => name === 'done');
    const until = [...items.values()].map((it) => it.undo_until).filter(Boolean).sort().pop();
    const title = isAllDone ? (reconnect.undo_of ? 'undone' : 'all_done') : reconnect.verdict;
    const canUndo = !reconnect.undo_of && until && Date.parse(until) > this.#flow.now();
    return {
      title: this.#text(title),
      isGood: isAllDone,
      lead: [canUndo && this.#text('undo_hint', { date: this.#words.date(until) })],
      bar: [this.#share(groups)],
      acts: [
        this.#button('log_in_again', groups.some(([name]) => name === 'retry') ? 'main' : ''),
        canUndo && this.#button('undo'),
        this.#button('download', 'quiet'),
      ],
      body: groups.map(([name, list]) => this.#section(name, name, list.length, name !== 'done' && this.#text(`${name}_hint`), [[null, list]],
        (it) => this.#itemRow(it, took(it)))),
    };
  }

  stopped() {
    return { title: this.#text('stopped'), lead: [], acts: [this.#button('resume', 'main')] };
  }

  // The name of the person who should log in; two accounts of one person often have the same one.
  personName() {
    const { session, assets } = this.#flow;
    const id = session?.person_id;
    const name = [...assets.values()].find((it) => it.person_id === id)?.person_name;
    return name ? `${name} (${id})` : id ?? '';
  }

  #boxes() {
    return [...this.#frame.querySelectorAll('.rows')];
  }

  #mark() {
    const { step, hasAllAssets, assets } = this.#flow;
    return JSON.stringify([step, hasAllAssets, [...assets.values()].map((it) => [it.state, it.person_id, it.ending?.at])]);
  }

  #text(code, values) {
    return this.#words.text(code, values);
  }

  #notice() {
    const { notice } = this.#flow;
    if (!notice) return [];
    const code = this.#words.has(notice) ? notice : notice.startsWith('token_') || notice.startsWith('code_') ? 'refused' : 'unexpected';
    return [h('p', { class: 'note', role: 'alert', part: 'note' }, this.#text(code, { person: this.personName() }))];
  }

  #button(code, look = '', values) {
    const press = () => this.#acts[code]();
    return h('button', { type: 'button', 'data-act': code, class: look || null, part: `button ${look}`, onclick: press }, this.#text(code, values));
  }

  #section(code, look, count, hint, groups, make) {
    const label = this.#text(code);
    return count > 0 && h('section', { class: `group ${look}`, part: 'group' },
      h('h3', null, label, ' ', h('span', { class: 'count' }, this.#words.number(count))),
      hint && h('p', { class: 'hint' }, hint),
      scrollBox(label, groups, make));
  }

  #siblings({ siblings, more_siblings: hasMore }) {
    const hint = this.#text('siblings_hint') + (hasMore ? ` ${this.#text('more_siblings')}` : '');
    return this.#section('siblings', 'siblings', siblings.length, hint, [[null, siblings]], (it) => row(this.#words, it, {
      id: it.asset_id, why: this.#text('lost', { scopes: it.lost_scopes.join(', ') }),
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
      const name = it.business_name ?? it.business_id ?? this.#text('no_business');
      groups.set(name, [...(groups.get(name) ?? []), it]);
    }
    return [...groups];
  }

  #assetRow(asset) {
    const { state, ending, reason } = asset;
    const date = ending && this.#words.date(ending.at);
    const until = ending && this.#text(ending.confidence === 'certain' ? 'until' : 'maybe', { date });
    return this.#row(asset.id, {
      state: this.#text(state),
      tone: { healthy: 'good', disconnected: 'bad' }[state] ?? 'warn',
      why: state === 'healthy' ? until : [until && `${until}, ${this.#text(ending.cause)}.`, reason.next_step].filter(Boolean).join(' '),
    });
  }

  #itemRow(item, hasTakenOver) {
    const group = hasTakenOver ? 'done' : groupOfItem(item);
    const at = item.retry_at && this.#text('retry_at', { date: this.#words.date(item.retry_at) });
    return this.#row(item.asset_id, {
      state: this.#text(hasTakenOver ? 'promoted' : item.outcome ?? 'open'),
      tone: TONES[group],
      why: group === 'done' ? null : [reasonOf(item), at].filter(Boolean).join(' '),
    });
  }

  #row(id, facts) {
    return row(this.#words, this.#flow.assets.get(id), { id, ...facts });
  }

  #progress() {
    if (this.#flow.step !== 'running') return;
    const { items, reconnect } = this.#flow;
    const done = [...items.values()].filter((it) => it.outcome && it.outcome !== 'deferred').length;
    this.#bar.value = done;
    this.#acts.progressed(done, reconnect.total);
    const quiet = this.#spokenAt + QUIET - Date.now();
    if (quiet > 0) {
      this.#drawing ??= setTimeout(() => { this.#drawing = null; this.#progress(); }, quiet);
      return;
    }
    this.#spokenAt = Date.now();
    this.#live.textContent = this.#text('progress', { done, n: reconnect.total });
  }
}

const reasonOf = ({ reason }) => reason && `${reason.detail} ${reason.next_step}`;
