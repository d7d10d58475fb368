// The component where something breaks: the connection, the session, a window, a policy of the page.

import assert from 'node:assert/strict';

import { story } from '../browser.mjs';
import { Stage, events, groups, main, press, read, step, title } from './stage.mjs';

const stage = await new Stage(JSON.parse(process.argv[2])).start();
const { given, host } = stage;
const { persons } = given;
const isConfirm = /^Reconnect \d+ assets?$/;
await stage.connect(persons.right.id);

async function arrive(query = 'consent=token', order = {}) {
  host.forget(order);
  const page = await stage.open(query);
  await step(page, 'choose');
  return page;
}

async function toPreview(page) {
  await stage.logIn(page, persons.right.id);
  await step(page, 'preview');
}

// What the page shows is what the server has, row by row.
async function agrees(page) {
  const { id } = await read(page, 'reconnect');
  const view = await host.call('GET', `/v1/reconnects/${id}`);
  assert.deepEqual(await read(page, 'items'), view.items);
  assert.equal(Object.values(await groups(page)).reduce((one, other) => one + other, 0), given.asset_ids.length);
}

// Slows every batch of probes while `run` runs.
async function slowly(run) {
  const { id } = await host.sandbox('POST', 'faults', { match: {}, effect: { latency_ms: 1200 } });
  try {
    await run();
  } finally {
    await host.sandbox('DELETE', `faults/${id}`);
  }
}

const parts = {
  async 'a connection that is lost in the midst loses no row, and the stream continues behind the last event'() {
    const page = await arrive();
    await toPreview(page);
    const asked = [];
    page.on('request', (it) => { if (it.url().endsWith('/events')) asked.push(it.headers()['last-event-id'] ?? null); });
    await slowly(async () => {
      await press(page, isConfirm);
      await step(page, 'running');
      await page.waitForFunction(() => document.querySelector('regrant-reconnect').items.some((it) => it.outcome));
      await page.context().setOffline(true);
      // A stream that is open stays open in Chromium; the call that looks after it cannot be made.
      await page.waitForTimeout(20_000);
      await page.context().setOffline(false);
    });
    await step(page, 'summary', 60_000);
    await agrees(page);
    await page.context().close();
  },

  async 'a stream that breaks is opened again with the id of the last event'() {
    const page = await arrive();
    await toPreview(page);
    const asked = [];
    // The first stream ends after one event.
    await page.route('**/events', async (route) => {
      asked.push(route.request().headers()['last-event-id'] ?? null);
      if (asked.length > 1) return route.continue();
      const answer = await route.fetch();
      const text = await answer.text();
      return route.fulfill({ response: answer, body: `${text.split('\n\n').slice(0, 3).join('\n\n')}\n\n` });
    });
    await press(page, isConfirm);
    await step(page, 'summary', 40_000);
    assert.equal(asked.length, 2, String(asked));
    assert.equal(asked[0], null);
    assert.match(asked[1], /^\d+$/);
    await agrees(page);
    await page.context().close();
  },

  async 'a page whose streams never work asks instead, and shows the progress meanwhile'() {
    const page = await arrive();
    await toPreview(page);
    await page.route('**/events', (route) => route.abort());
    let asked = 0;
    // The first answer is one from the midst of the work.
    await page.route('**/v1/reconnects/*', async (route) => {
      asked += 1;
      if (asked > 1) return route.continue();
      const answer = await route.fetch();
      const body = await answer.json();
      const items = body.items.map((it, at) => (at < 5 ? it : { ...it, outcome: null }));
      return route.fulfill({ response: answer, json: { ...body, status: 'running', verdict: null, items } });
    });
    await press(page, isConfirm);
    await main(page).getByText(`5 of ${given.asset_ids.length} done`).waitFor({ timeout: 30_000 });
    assert.equal(await read(page, 'step'), 'running');
    assert.equal(await main(page).locator('li .state').getByText('Reconnected').count(), 5);
    const { done } = (await events(page, 'progress')).at(-1);
    assert.equal(done, 5);
    await step(page, 'summary', 40_000);
    await agrees(page);
    await page.context().close();
  },

  async 'a stream that is silent for long is opened again behind the last event'() {
    const page = await arrive();
    await toPreview(page);
    // The first stream says two events, and then nothing, although the connection is open. Half a minute passes at once.
    await page.evaluate(() => {
      const [real, wait] = [window.fetch, window.setTimeout];
      window.setTimeout = (run, time) => wait(run, time === 30_000 ? 500 : time);
      window.asked = [];
      window.fetch = async (url, options) => {
        const answer = await real(url, options);
        if (!url.endsWith('/events')) return answer;
        window.asked.push(options.headers['last-event-id'] ?? null);
        if (window.asked.length > 1) return answer;
        const text = (await answer.text()).split('\n\n').slice(0, 2).map((it) => `${it}\n\n`).join('');
        const start = (stream) => stream.enqueue(new TextEncoder().encode(text));
        return new Response(new ReadableStream({ start, cancel: () => { window.isCancelled = true; } }));
      };
    });
    await press(page, isConfirm);
    await step(page, 'summary', 40_000);
    const [first, second] = await page.evaluate(() => window.asked);
    assert.equal(first, null);
    assert.match(second, /^\d+$/);
    assert.equal(await page.evaluate(() => window.isCancelled), true);
    await agrees(page);
    await page.context().close();
  },

  async 'a lost connection stays said where the step changes'() {
    const page = await arrive();
    await page.context().setOffline(true);
    await page.evaluate(() => { document.querySelector('regrant-reconnect').refresh(); });
    await main(page).getByText(/^No connection/).waitFor();
    await press(page, 'Continue to Meta');
    await step(page, 'waiting');
    await main(page).getByText(/^No connection/).waitFor();
    await page.context().setOffline(false);
    await main(page).getByText(/^No connection/).waitFor({ state: 'hidden' });
    await page.context().close();
  },

  async 'a session that ends in the preview is asked for once, and the confirmation goes through'() {
    const page = await arrive();
    await toPreview(page);
    const before = host.asked;
    await host.sandbox('POST', 'clock', { advance: '16m' });
    // The consent has ended with its time; the assets and the place stay.
    await press(page, isConfirm);
    await main(page).getByRole('alert').waitFor();
    assert.equal(host.asked, before + 1);
    assert.equal(await read(page, 'step'), 'choose');
    await toPreview(page);
    await press(page, isConfirm);
    await step(page, 'summary');
    await agrees(page);
    await page.context().close();
  },

  async 'a log-in that is over after a reload shows no older reconnect, and choosing again does not either'() {
    const page = await arrive();
    await toPreview(page);
    await press(page, isConfirm);
    await step(page, 'summary');
    await toPreview(page);
    await page.reload();
    await step(page, 'preview');
    await press(page, 'Choose again at Meta');
    await page.waitForTimeout(4000);
    assert.equal(await read(page, 'step'), 'waiting');
    await press(page, 'I closed it');
    await step(page, 'preview');
    await host.sandbox('POST', 'clock', { advance: '16m' });
    await press(page, isConfirm);
    await main(page).getByText(/^The log-in is over/).waitFor();
    assert.equal(await read(page, 'step'), 'choose');
    assert.deepEqual(await events(page, 'finished'), []);
    // Another log-in is waited for, and the older reconnect is no answer to that.
    await press(page, 'Continue to Meta');
    await page.waitForTimeout(4000);
    assert.equal(await read(page, 'step'), 'waiting');
    await page.context().close();
  },

  async 'a session of a minute is renewed when it ends, and not before each call'() {
    const page = await arrive('consent=token', { minutes: 1 });
    await toPreview(page);
    await press(page, isConfirm);
    await step(page, 'summary');
    assert.equal(host.asked, 1);
    await page.context().close();
  },

  async 'a session that ends while a reconnect runs is asked for, and the progress continues where it was'() {
    const page = await arrive();
    await toPreview(page);
    await slowly(async () => {
      await press(page, isConfirm);
      await step(page, 'running');
      await host.call('POST', `/v1/reconnect-sessions/${host.sessionId}/refresh`, { minutes: 15 });
      await step(page, 'summary', 60_000);
    });
    await agrees(page);
    await page.context().close();
  },

  async 'a page whose own backend is not reached says so, and continues once it is'() {
    const page = await arrive();
    await toPreview(page);
    await page.route('**/session?*', (route) => route.abort());
    await host.call('POST', `/v1/reconnect-sessions/${host.sessionId}/refresh`, { minutes: 15 });
    await press(page, isConfirm);
    await main(page).getByText(/^No connection/).waitFor();
    assert.equal(await read(page, 'step'), 'preview');
    await page.unroute('**/session?*');
    await step(page, 'summary');
    await agrees(page);
    await page.context().close();
  },

  async 'a page that gives no session gets a clear text and a button, and nothing is lost'() {
    const page = await arrive();
    await toPreview(page);
    await page.evaluate(() => { window.refuseSession = true; });
    await host.call('POST', `/v1/reconnect-sessions/${host.sessionId}/refresh`, { minutes: 15 });
    await press(page, isConfirm);
    await step(page, 'stopped');
    await stage.shoot(page, 'stopped');
    assert.match(await main(page).getByRole('alert').innerText(), /Nothing was lost/);
    await page.evaluate(() => { window.refuseSession = false; });
    await press(page, 'Continue');
    await step(page, 'preview');
    await press(page, isConfirm);
    await step(page, 'summary');
    await page.context().close();
  },

  async 'a reconnect that a page cannot read any more stops with a button, and the text claims nothing'() {
    const page = await arrive();
    await toPreview(page);
    await slowly(async () => {
      await press(page, isConfirm);
      await step(page, 'running');
      // As for another session, which has none.
      const headers = { 'access-control-allow-origin': '*' };
      await page.route('**/v1/reconnects/*', (it) => it.fulfill({ status: 404, headers, json: { type: 'https://regrant.example/problems/not_found' } }));
      await page.route('**/v1/reconnects?*', (it) => it.fulfill({ headers, json: { data: [] } }));
      await step(page, 'stopped', 30_000);
      assert.doesNotMatch(await main(page).innerText(), /Nothing was/);
      assert.equal((await events(page, 'load-error')).at(-1).code, 'not_found');
      await press(page, 'Continue');
      await step(page, 'choose');
    });
    await page.context().close();
  },

  async 'a reload in the midst comes back to the progress or the summary of the same reconnect'() {
    const count = (await stage.reconnects()).length;
    const page = await arrive();
    await toPreview(page);
    await page.reload();
    await step(page, 'preview');
    await slowly(async () => {
      await press(page, isConfirm);
      await step(page, 'running');
      const { id } = await read(page, 'reconnect');
      await page.reload();
      await page.waitForFunction(() => ['running', 'summary'].includes(document.querySelector('regrant-reconnect').step));
      assert.equal((await read(page, 'reconnect')).id, id);
    });
    await step(page, 'summary', 60_000);
    assert.equal((await stage.reconnects()).length, count + 1);
    await page.context().close();
  },

  async 'a page that was hidden for long shows the end when it is looked at again'() {
    const page = await arrive();
    await toPreview(page);
    await press(page, isConfirm);
    const other = await page.context().newPage();
    await other.bringToFront();
    await other.waitForTimeout(3000);
    await page.bringToFront();
    await step(page, 'summary');
    await page.context().close();
  },

  async 'a listener that comes late still gets the events, and no event holds a token'() {
    const page = await arrive();
    await toPreview(page);
    await press(page, isConfirm);
    await step(page, 'summary');
    const late = await page.evaluate(() => new Promise((resolve) => {
      const got = {};
      const element = document.querySelector('regrant-reconnect');
      for (const name of ['ready', 'step-change', 'attention-change', 'previewed', 'finished']) {
        element.addEventListener(name, (event) => { got[name] = event.detail; });
      }
      setTimeout(() => resolve(got));
    }));
    assert.deepEqual(Object.keys(late).sort(), ['attention-change', 'finished', 'previewed', 'ready', 'step-change']);
    assert.equal(late['step-change'].step, 'summary');
    const all = await page.evaluate(() => JSON.stringify(window.seen));
    assert.doesNotMatch(all, /EAA|eyJ/);
    await page.context().close();
  },

  async 'a listener that replaces another one hears nothing twice, and an error that is over is not said again'() {
    const page = await arrive();
    await page.evaluate(() => { window.refuseSession = true; });
    await host.call('POST', `/v1/reconnect-sessions/${host.sessionId}/refresh`, { minutes: 15 });
    await page.evaluate(() => document.querySelector('regrant-reconnect').start());
    await step(page, 'stopped');
    await page.evaluate(() => { window.refuseSession = false; });
    await press(page, 'Continue');
    await step(page, 'choose');
    const counts = await page.evaluate(async () => {
      const element = document.querySelector('regrant-reconnect');
      const heard = { effect: 0, signal: 0, first: 0, over: 0 };
      const turn = () => new Promise((resolve) => { setTimeout(resolve); });
      // As effects do whose handler is new after each event: the old one is removed, the new one added.
      const follow = (name, replace) => {
        let listener = null;
        const again = () => {
          const before = listener;
          listener = () => { heard[name] += 1; if (heard[name] < 20) setTimeout(again); };
          replace(before, listener);
        };
        again();
      };
      follow('effect', (before, listener) => {
        if (before) element.removeEventListener('ready', before);
        element.addEventListener('ready', listener);
      });
      let over = null;
      follow('signal', (before, listener) => {
        over?.abort();
        over = new AbortController();
        element.addEventListener('ready', listener, { signal: over.signal });
      });
      await turn();
      // One that is only made sure of is the first.
      const first = () => { heard.first += 1; };
      element.removeEventListener('step-change', first);
      element.addEventListener('step-change', first);
      element.addEventListener('load-error', () => { heard.over += 1; });
      for (let at = 0; at < 30; at += 1) await turn();
      return heard;
    });
    assert.deepEqual(counts, { effect: 1, signal: 1, first: 1, over: 0 });
    await page.context().close();
  },

  async 'two elements on a page, the module loaded twice, and an element that is moved all work'() {
    host.forget({});
    const page = await stage.open('consent=token&status');
    await step(page, 'choose');
    await page.evaluate(async () => {
      await import('/regrant.js?again');
      const element = document.querySelector('regrant-reconnect');
      document.body.append(element);
    });
    await step(page, 'choose');
    await toPreview(page);
    await press(page, isConfirm);
    await step(page, 'summary');
    await page.context().close();
  },

  async 'a bigger clock than ours, or a smaller one, does not end the session early'() {
    host.forget({});
    const page = await stage.open('consent=token', { });
    await page.clock.setSystemTime(new Date(Date.now() - 90 * 86_400_000)).catch(() => {});
    await page.reload();
    await step(page, 'choose');
    await toPreview(page);
    await press(page, isConfirm);
    await step(page, 'summary');
    assert.ok(host.asked <= 3, `${host.asked} sessions`);
    await page.context().close();
  },
};

await story(parts);
await stage.stop();
