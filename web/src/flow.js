// Where a person is, from the first list to the summary. It knows no element; `view.js` shows it.
//
// The rule: what matters is on the server, so a reload and another tab come to the same step. A confirmation has the id of
// its preview as idempotency key: a double click, a repeated call and a reload are one reconnect.

import { newKey, refusal, rest } from './client.js';
import { attentionOf } from './groups.js';
import { follow } from './stream.js';

const SESSION = '/v1/reconnect-sessions/current';
const CONSENT = `${SESSION}/consent`;
const PREVIEWS = '/v1/reconnect-previews';

export class Flow {
  step = null;
  session = null;
  assets = new Map();
  hasAllAssets = false;
  // Ids of assets that stay as they are, because the person does not want to reconnect them.
  unchosen;
  consent = null;
  preview = null;
  // Ids of assets that the newest preview judges differently from the one before.
  differing = new Set();
  reconnect = null;
  items = new Map();
  // The code of what went wrong, or of what a person should know.
  notice = null;
  isBusy = false;
  // With what `wait` was called, while a log-in is waited for: also after the flow was stopped, or started again.
  awaited = null;
  // The id of the newest reconnect that the flow has come past; another one is news.
  known;
  #client;
  #say;
  #work = new AbortController();
  #reading = null;
  // How the assets are, as it was said last.
  #attention;

  // `say(what, detail)` is called after each change: `step`, `assets`, `choice`, `item`, `busy`, and the names of events.
  constructor(client, say, unchosen = new Set()) {
    this.#client = client;
    this.#say = say;
    this.unchosen = unchosen;
  }

  stop() {
    this.#work.abort();
  }

  now() {
    return this.#client.now();
  }

  // `offline` or `busy` while calls are not answered.
  get trouble() {
    return this.#client.trouble;
  }

  // The address of the hosted log-in, if the page's backend gave one. Its window leads back here. Where a person logs in
  // again, it asks Meta for what was declined.
  get link() {
    const { link } = this.#client.session;
    return link && `${link}?from=page${this.asksAgain ? '_again' : ''}`;
  }

  // Ids of the assets to reconnect.
  get chosen() {
    return [...this.assets.keys()].filter((it) => !this.unchosen.has(it));
  }

  // Chooses these assets, or leaves them out.
  choose(ids, isChosen) {
    for (const id of ids) this.unchosen[isChosen ? 'delete' : 'add'](id);
    this.#say('choice');
  }

  // Goes back to the list, to choose again; the log-in is kept.
  change() {
    this.preview = null;
    this.#go('choose');
  }

  // Reads the session and goes to its step: also after it had ended, with all that was there before.
  async start() {
    await this.#guard(async () => {
      this.#go('loading');
      const next = await this.#readPage('');
      this.#say('ready', { sessionId: this.session.id });
      this.readAssets(next);
      if (this.reconnect?.status === 'running') {
        await this.#follow(await this.#get(`/v1/reconnects/${this.reconnect.id}`));
      } else if (!(await this.#resume())) {
        if (this.awaited) await this.wait(...this.awaited);
        else this.leave();
      }
    });
  }

  // Waits for a log-in in another window: of the hosted page, or of the page around the element.
  async wait(isHosted, notice = null) {
    this.awaited = [isHosted, notice];
    await this.#guard(async (signal) => {
      this.#go('waiting', notice);
      while (this.step === 'waiting') {
        await rest(2500, signal);
        if (this.step !== 'waiting') return;
        // Where the page gives none, its present session says whether the person has logged in.
        if (isHosted) await this.#client.session.renew(true).catch(() => {});
        if (await this.#resume()) return;
      }
    });
  }

  // Goes back to the list; what a person saw before is kept.
  leave(notice = null) {
    this.#go(this.preview ? 'preview' : this.reconnect ? 'summary' : 'choose', notice);
  }

  // Takes a log-in of the page: `{ code, redirect_uri }` or `{ access_token }`. It is sent once and not kept.
  async give(login) {
    await this.#guard(async () => {
      this.#go('checking');
      this.consent = await this.#post(CONSENT, login, newKey());
      await this.#check();
    });
  }

  check() {
    return this.#guard(() => this.#check());
  }

  // Reconnects as the preview says. While it is under way, another press changes nothing.
  async confirm() {
    if (this.isBusy || this.step !== 'preview' || !this.preview.plan_id) return;
    this.#busy(true);
    await this.#guard(async () => {
      const body = { consent_id: this.consent.consent_id, plan_id: this.preview.plan_id, wait_seconds: 0, ...this.#targets() };
      let made;
      try {
        made = await this.#post('/v1/reconnects', body, this.preview.id);
      } catch (error) {
        if (error.code === 'plan_outdated') return this.#check('plan_outdated');
        if (error.code === 'not_found') return this.#leaveConsent();
        throw error;
      }
      this.consent = null;
      return this.#follow(made);
    });
    this.#busy(false);
  }

  async undo() {
    if (this.isBusy || !this.reconnect) return;
    this.#busy(true);
    await this.#guard(async () => {
      const { id } = this.reconnect;
      await this.#follow(await this.#post(`/v1/reconnects/${id}/undo`, { wait_seconds: 0 }, id));
    });
    this.#busy(false);
  }

  // Deletes the log-in, so that another account can be used.
  async forget() {
    await this.#guard(async (signal) => {
      await this.#client.call('DELETE', CONSENT, { signal });
      this.consent = this.preview = null;
      this.#go('choose', 'other_account');
    });
  }

  // Reads the assets from a page of the list on, and says how they are; gives the code of what was refused, if something
  // was. Callers that come meanwhile share the answer.
  readAssets(from = '') {
    this.#reading ??= this.#readPages(from).finally(() => { this.#reading = null; });
    return this.#reading;
  }

  async #readPages(from) {
    try {
      for (let next = from; next != null;) next = await this.#readPage(next);
      this.hasAllAssets = true;
      this.#say('assets');
      this.#sayAttention(attentionOf(this.assets.values()));
      return null;
    } catch (error) {
      // The step says what is wrong; this only looks.
      if (this.#work.signal.aborted) return null;
      if (!error.code) throw error;
      return error.code;
    }
  }

  #sayAttention(attention) {
    const mark = Object.values(attention).join();
    if (mark === this.#attention) return;
    this.#attention = mark;
    this.#say('attention-change', attention);
  }

  // The log-in is used or over: another tab was first, and its reconnect is the one to show; else a person logs in again.
  async #leaveConsent() {
    if (await this.#resume()) return;
    this.consent = this.preview = null;
    this.leave('not_found');
  }

  // Goes to the step that the server knows of; false if there is none. What was begun before the log-in is not its reconnect.
  async #resume() {
    const { step } = this;
    const consent = await this.#get(CONSENT).catch(unless('not_found'));
    const newest = (await this.#get('/v1/reconnects?limit=1')).data[0];
    // The page gave a log-in meanwhile, or the person left.
    if (this.step !== step) return true;
    if (consent && (consent.consent_id !== this.consent?.consent_id || (step === 'loading' && !this.preview && !this.awaited))) {
      this.consent = consent;
      this.known = newest?.id;
      await this.#findPreview();
      return true;
    }
    if (!newest || newest.id === this.known || Date.parse(newest.created_at) < Date.parse(this.consent?.created_at)) return false;
    this.consent = null;
    await this.#follow(await this.#get(`/v1/reconnects/${newest.id}`));
    return true;
  }

  // Asks what the log-in covers, asset by asset; a preview that fails is the refusal of its code.
  async #check(notice = null) {
    const earlier = new Map(notice ? this.preview?.items.map((it) => [it.asset_id, it.coverage]) : []);
    this.preview = null;
    this.#go('checking', notice);
    if (this.unchosen.size && !this.hasAllAssets) await this.readAssets();
    const body = { consent_id: this.consent.consent_id, wait_seconds: 0, ...this.#targets() };
    await this.#show(await this.#post(PREVIEWS, body, newKey()), notice, earlier);
  }

  // Takes over the newest preview of the log-in: that of this page before a reload, of another tab, of the hosted page; and
  // with it what was chosen. A person who has chosen here gets a preview of that.
  async #findPreview() {
    const [newest] = this.unchosen.size ? [] : (await this.#get(`${PREVIEWS}?limit=1`)).data;
    const isUsable = newest && newest.status !== 'failed' && Date.parse(newest.created_at) >= Date.parse(this.consent.created_at);
    if (!isUsable) return this.#check();
    this.preview = null;
    this.#go('checking');
    if (!this.hasAllAssets) await this.readAssets();
    return this.#show(await this.#get(`${PREVIEWS}/${newest.id}`));
  }

  // Follows a preview to its end, and shows it.
  async #show(begun, notice = null, earlier = new Map()) {
    const { signal } = this.#work;
    const path = `${PREVIEWS}/${begun.id}`;
    let view = begun;
    for (let done = 0; view.status === 'running';) {
      const take = (name) => { if (name === 'item') this.#say('checked', { done: done += 1, total: view.total }); };
      if (!(await follow(this.#client, `${path}/events`, 'preview', take, signal))) await rest(2000, signal);
      view = await this.#get(path);
    }
    if (view.failure) throw refusal(view.failure.code);
    this.preview = view;
    this.differing = new Set(view.items.filter((it) => (earlier.get(it.asset_id) ?? it.coverage) !== it.coverage).map((it) => it.asset_id));
    const checked = new Set(view.items.map((it) => it.asset_id));
    this.unchosen = new Set([...this.assets.keys()].filter((it) => !checked.has(it)));
    this.#go('preview', notice);
    this.#say('previewed', { counts: view.counts, person: view.person });
  }

  // Follows a reconnect to its end.
  async #follow(view) {
    const { signal } = this.#work;
    const path = `/v1/reconnects/${view.id}`;
    this.#take(view);
    this.#go('running');
    while (this.reconnect.status === 'running') {
      const take = (name, data) => {
        if (name !== 'item') return;
        this.items.set(data.asset_id, data);
        this.#say('item', data);
      };
      const hasEnded = await follow(this.#client, `${path}/events`, 'reconnect', take, signal);
      // A stream that fails is replaced by questions.
      if (!hasEnded) await rest(2000, signal);
      this.#take(await this.#get(path));
    }
    this.preview = this.consent = null;
    this.#go('summary');
    this.#say('finished', this.reconnect);
    this.readAssets();
  }

  // The chosen assets, as calls name them. All of them are those of the session, whichever they are.
  #targets() {
    return this.unchosen.size ? { asset_ids: this.chosen } : { select: {} };
  }

  #take({ items, ...view }) {
    const before = this.items;
    this.reconnect = view;
    this.known = view.id;
    this.items = new Map(items.map((it) => [it.asset_id, it]));
    // Where no stream works, this is how the view hears of an item.
    for (const it of items) if (it.outcome !== before.get(it.asset_id)?.outcome) this.#say('item', it);
  }

  async #readPage(cursor) {
    const query = cursor ? `&cursor=${encodeURIComponent(cursor)}` : '';
    const { assets, ...session } = await this.#get(`${SESSION}?limit=200${query}`);
    this.session = session;
    for (const asset of assets) {
      // What has stopped does not end once more, whatever was announced.
      if (asset.state === 'disconnected' && Date.parse(asset.ending?.at) > this.now()) delete asset.ending;
      this.assets.set(asset.id, asset);
    }
    return session.next_cursor;
  }

  #post(path, body, key) {
    return this.#client.call('POST', path, { body, key, signal: this.#work.signal });
  }

  #get(path) {
    return this.#client.call('GET', path, { signal: this.#work.signal });
  }

  #go(step, notice = null) {
    const isNew = this.step !== step;
    this.step = step;
    this.notice = notice;
    if (!['loading', 'waiting', 'stopped'].includes(step)) this.awaited = null;
    this.#say('step', { step, isNew });
  }

  #busy(isBusy) {
    this.isBusy = isBusy;
    this.#say('busy');
  }

  // Shows that the flow cannot continue here; its button starts again.
  #stopFor(code) {
    const isGone = code === 'not_found';
    if (isGone) {
      // Another session does not find what this one made. The text of the code is for a log-in that is over.
      this.consent = this.preview = this.reconnect = null;
      this.items.clear();
    }
    this.#go('stopped', isGone ? 'unexpected' : code);
    this.#say('load-error', { code });
  }

  // Runs a part of the flow; what it is refused is shown where the person is, or where it can start again.
  async #guard(run) {
    const { signal } = this.#work;
    try {
      await run(signal);
    } catch (error) {
      if (signal.aborted) return;
      const code = error.code ?? 'unexpected';
      if (!error.code) reportError(error);
      if (code === 'no_session' || ['loading', 'waiting', 'running'].includes(this.step)) this.#stopFor(code);
      else {
        if (code === 'not_found') this.consent = null;
        if (this.step === 'checking') this.leave(code);
        else this.#go(this.step, code);
      }
    }
  }
}

const unless = (code) => (error) => {
  if (error.code !== code) throw error;
};
