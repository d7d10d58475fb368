// `<regrant-status>`: one line that says how many assets need a person. It is quiet when none does.

import { Client, rest } from './client.js';
import { SessionElement } from './element.js';
import { Flow } from './flow.js';
import { h } from './html.js';
import { Words, localeOf } from './words.js';

export class RegrantStatus extends SessionElement {
  #flow;
  #over = new AbortController();

  async start() {
    this.stop();
    this.#over = new AbortController();
    const { signal } = this.#over;
    const words = new Words(localeOf(this), this.texts);
    const client = new Client(this.getAttribute('api') ?? '', this.fetchSession);
    this.#flow = new Flow(client, (what, detail) => {
      if (what === 'attention-change') this.#draw(words, detail);
      if (what === 'ready' || what === 'load-error') this.say(what, detail);
    });
    try {
      for (;;) {
        await this.#flow.readAssets();
        await rest(Math.max(30, this.#flow.assets.size / 40) * 1000, signal);
      }
    } catch (error) {
      if (!signal.aborted) this.say('load-error', { code: error.code ?? 'unexpected' });
    }
  }

  stop() {
    this.#flow?.stop();
    this.#over.abort();
  }

  #draw(words, attention) {
    const { total, actionRequired } = attention;
    const text = actionRequired > 0 ? words.text('status_action', { n: actionRequired }) : words.text('status_total', { n: total });
    const press = () => this.say('consent-needed', {});
    const button = h('button', { type: 'button', class: 'main', part: 'button main', onclick: press }, words.text('status_open'));
    const line = h('div', { class: 'frame status', part: 'frame' }, h('p', { role: 'status' }, text), actionRequired > 0 && button);
    this.open().replaceChildren(...(total > 0 ? [line] : []));
    this.show(actionRequired > 0 ? 'action-required' : total > 0 ? 'attention' : 'clear');
    this.say('attention-change', attention);
  }
}
