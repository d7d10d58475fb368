// `<regrant-status>`: one line that says how many assets need a person. It is quiet when none does.
//
// The rule: what is shown changes only where a number does, so that the focus stays and nothing is announced twice.

import { Client, rest } from './client.js';
import { SessionElement } from './element.js';
import { Flow } from './flow.js';
import { h } from './html.js';
import { Words, localeOf } from './words.js';

export class RegrantStatus extends SessionElement {
  #flow;
  #over = new AbortController();
  // `ready`, or the code for which the assets cannot be read.
  #health;

  async start() {
    this.stop();
    this.#over = new AbortController();
    const { signal } = this.#over;
    const draw = this.#make();
    this.#flow = new Flow(new Client(this.getAttribute('api') ?? '', this.fetchSession), (what, detail) => {
      if (what === 'assets') this.#become('ready');
      if (what === 'attention-change') draw(detail);
    });
    try {
      for (;;) {
        this.#become(await this.#flow.readAssets());
        await rest(Math.max(30, this.#flow.assets.size / 40) * 1000, signal);
      }
    } catch (error) {
      if (!signal.aborted) this.#become(error.code ?? 'unexpected');
    }
  }

  stop() {
    this.#flow?.stop();
    this.#over.abort();
  }

  // Makes the line, and gives what shows numbers in it.
  #make() {
    const words = new Words(localeOf(this), this.texts);
    const text = h('p', { role: 'status' });
    const press = () => this.say('consent-needed', {});
    const button = h('button', { type: 'button', class: 'main', part: 'button main', onclick: press }, words.text('status_open'));
    const line = h('div', { class: 'frame status', part: 'frame', lang: words.lang }, text, button);
    return (attention) => {
      const { total, actionRequired } = attention;
      // What is put in once more would lose the focus.
      if (!line.isConnected) this.open().replaceChildren(line);
      line.hidden = total === 0;
      button.hidden = actionRequired === 0;
      text.textContent = button.hidden ? words.text('status_total', { n: total }) : words.text('status_action', { n: actionRequired });
      this.show(line.hidden ? 'clear' : button.hidden ? 'attention' : 'action-required');
      this.say('attention-change', attention);
    };
  }

  #become(health) {
    if (!health || health === this.#health) return;
    this.#health = health;
    if (health === 'ready') this.say('ready', { sessionId: this.#flow.session.id });
    else this.say('load-error', { code: health });
  }
}
