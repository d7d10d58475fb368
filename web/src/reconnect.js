// `<regrant-reconnect>`: shows which assets need a log-in, takes it, and reconnects them.
//
// The rule: importing this file does nothing, also where there is no page; `define.js` names the element.

import { Client } from './client.js';
import { examine } from './doctor.js';
import { SessionElement } from './element.js';
import { Flow } from './flow.js';
import { listOfAssets, listOfItems, save } from './lists.js';
import { View } from './view.js';
import { Words, localeOf } from './words.js';

export class RegrantReconnect extends SessionElement {
  #client;
  #flow;
  #view;
  #window;
  #isBlocked = false;
  #watch;

  // What the element shows: `loading`, `choose`, `waiting`, `checking`, `preview`, `running`, `summary`, `stopped`.
  get step() { return this.#flow?.step ?? 'loading'; }
  get session() { return this.#flow?.session ?? null; }
  get preview() { return this.#flow?.preview ?? null; }
  get reconnect() { return this.#flow?.reconnect ?? null; }
  get items() { return [...(this.#flow?.items.values() ?? [])]; }
  get assets() { return [...(this.#flow?.assets.values() ?? [])]; }
  // Ids of the assets that the person wants to reconnect: all of them, until some are left out.
  get chosen() { return this.#flow?.chosen ?? []; }
  get verdict() { return this.reconnect?.verdict ?? null; }

  // Reads the session again and goes to its step.
  async start() {
    this.stop();
    const locale = localeOf(this);
    this.#client = new Client(this.getAttribute('api') ?? '', this.fetchSession);
    this.#client.locale = locale;
    this.#client.onTrouble = (code) => this.#view.announce(code);
    const { awaited, asksAgain, consent, known, preview, unchosen } = this.#flow ?? {};
    // What was chosen before a preview is known here alone; the server has the choice of a preview.
    this.#flow = new Flow(this.#client, (what, detail) => this.#say(what, detail), preview ? undefined : unchosen);
    // A log-in that is waited for is another one than that which is there.
    if (awaited) Object.assign(this.#flow, { awaited, asksAgain, consent, known });
    this.#view = new View(this.open(), this.#flow, new Words(locale, this.texts), this.#acts());
    await this.#flow.start();
  }

  // Reads the assets again, for a page that knows that something changed.
  async refresh() { await this.#flow?.readAssets(); }

  stop() {
    this.#flow?.stop();
    clearInterval(this.#watch);
  }

  // Takes a log-in that the page got: `{ code, redirect_uri }` or `{ access_token }`.
  async giveConsent(login) { await this.#flow.give(login); }

  // Says that the log-in of the page came to nothing.
  cancelConsent() { this.#flow.leave('cancelled'); }

  async confirm() { await this.#flow.confirm(); }

  async undo() { await this.#flow.undo(); }

  // Ends the work of the element on this page. What was confirmed continues on the server.
  close() {
    this.stop();
    if (this.#flow) this.#flow.awaited = null;
    this.open().replaceChildren();
    this.say('closed', {});
  }

  // What may keep the flow from working on this page: `[{ code, ok, detail }]`.
  doctor() { return examine(this, this.#client, this.#isBlocked); }

  #acts() {
    const flow = this.#flow;
    // A confirmation or an undo that is on its way comes first.
    const idle = (run) => () => !flow.isBusy && run();
    // Where nothing is chosen there is nothing to do.
    const some = (run) => idle(() => flow.chosen.length && run());
    const again = some(() => this.#logIn(true));
    return {
      log_in: some(() => this.#logIn(false)),
      log_in_again: again,
      choose_again: again,
      i_closed_it: () => flow.leave('cancelled'),
      confirm: () => flow.confirm(),
      check_again: some(() => flow.check()),
      change: idle(() => flow.change()),
      other_person: idle(() => flow.forget()),
      undo: () => flow.undo(),
      resume: () => flow.start(),
      copy: async () => {
        await navigator.clipboard.writeText(listOfAssets(flow.chosen.map((it) => flow.assets.get(it))));
        this.#view.announce('copied');
      },
      download: () => save('reconnect.csv', listOfItems(this.items, flow.assets)),
      progressed: (done, total) => this.say('progress', { done, total }),
    };
  }

  // A window opens in the click itself, else browsers block it.
  #logIn(asksAgain) {
    const form = this.getAttribute('consent') ?? 'hosted';
    this.#flow.asksAgain = asksAgain;
    if (form === 'hosted') {
      const { link } = this.#flow;
      this.#window = link ? open(link, 'regrant', 'popup,width=560,height=760') : null;
      this.#isBlocked = !this.#window;
    }
    this.#flow.wait(form === 'hosted', this.#isBlocked ? 'blocked' : null);
    this.say('consent-needed', { form, asksAgain, personId: this.session.person_id, assetIds: this.chosen });
  }

  #say(what, detail) {
    if (what === 'step') return this.#stepped(detail);
    if (what === 'item') return this.#view.item(detail);
    if (what === 'choice') return this.#view.chosen();
    if (what === 'checked') return this.#view.checked(detail);
    if (what === 'busy') return this.#view.busy();
    // Names and states that arrive late; a list that a person reads is not drawn again.
    if (what === 'assets') return ['choose', 'summary'].includes(this.step) && this.#view.refresh();
    return this.say(what, detail);
  }

  #stepped({ step, isNew }) {
    if (!this.#flow.awaited) {
      // The person came back; the window has nothing to show any more.
      this.#window?.close();
      this.#window = null;
    }
    this.#view.draw();
    this.show(step);
    this.#lookAgain();
    if (isNew) this.say('step-change', { step });
  }

  // While a list is shown, what heals or breaks elsewhere is shown, too.
  #lookAgain() {
    clearInterval(this.#watch);
    const hasParked = this.step === 'summary' && this.items.some((it) => it.outcome === 'parked');
    if (this.step !== 'choose' && !hasParked) return;
    const every = Math.max(hasParked ? 5 : 30, this.assets.length / 40) * 1000;
    this.#watch = setInterval(() => { if (!document.hidden) this.#flow.readAssets(); }, every);
  }
}
