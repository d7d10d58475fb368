// What the component must not do: leak a secret, ask another host, or need an exception of a page's policy.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';

import { REPOSITORY, story } from '../browser.mjs';
import { Stage, main, noViolation, press, read, step } from './stage.mjs';

const stage = await new Stage(JSON.parse(process.argv[2])).start();
const { given, host } = stage;
const { persons } = given;
await stage.connect(persons.right.id);

// Everything that a page can read of itself, and everything that stays in a browser: as text.
function traces(page) {
  return page.evaluate(async () => {
    const walk = (node) => [...node.querySelectorAll('*')].map((it) => {
      const own = [...it.attributes].map((at) => `${at.name}=${at.value}`).join(' ');
      return `${it.localName} ${own}${it.shadowRoot ? walk(it.shadowRoot) + it.shadowRoot.textContent : ''}`;
    }).join('\n');
    const databases = await indexedDB.databases();
    const caches_ = 'caches' in window ? await caches.keys() : [];
    return [walk(document), document.documentElement.textContent, JSON.stringify({ ...localStorage }), JSON.stringify({ ...sessionStorage }),
      JSON.stringify(databases), caches_.join(), document.cookie, JSON.stringify(history.state), location.href,
      JSON.stringify(window.seen)].join('\n');
  });
}

const parts = {
  async 'no token is left in the page, its storage, its history, the console or an address; one body holds the log-in'() {
    host.forget({});
    const har = path.join(given.shots ?? process.env.REGRANT_BROWSER_HOME, `safety-${process.pid}.har`);
    const page = await stage.open('consent=token', { recordHar: { path: har, content: 'embed' } });
    await step(page, 'choose');
    const token = await stage.token(persons.right.id);
    await press(page, 'Continue to Meta');
    await page.evaluate((given_) => document.querySelector('regrant-reconnect').giveConsent(given_), { access_token: token });
    await step(page, 'preview');
    const texts = [await traces(page)];
    await press(page, /^Reconnect \d+/);
    await step(page, 'summary');
    texts.push(await traces(page));
    const client = await page.context().newCDPSession(page);
    const chunks = [];
    client.on('HeapProfiler.addHeapSnapshotChunk', ({ chunk }) => chunks.push(chunk));
    await client.send('HeapProfiler.collectGarbage');
    await client.send('HeapProfiler.takeHeapSnapshot');
    const heap = chunks.join('');
    assert.ok(heap.length > 100_000);
    await page.context().close();
    const canary = token.slice(0, 40);
    for (const text of [...texts, ...stage.seen.lines, ...stage.seen.urls]) {
      assert.ok(!text.includes(canary), text.slice(0, 200));
      assert.doesNotMatch(text, /eyJ[\w-]{20,}\.[\w-]{20,}\./, 'no token of a session');
    }
    assert.ok(!heap.includes(canary), 'the heap holds no log-in after the finish');
    const { log } = JSON.parse(await readFile(har, 'utf8'));
    const bodies = log.entries.filter((it) => it.request.postData?.text?.includes(canary));
    assert.equal(bodies.length, 1);
    assert.ok(bodies[0].request.url.endsWith('/v1/reconnect-sessions/current/consent'));
    const rest = JSON.stringify(log.entries.filter((it) => it !== bodies[0]));
    assert.ok(!rest.includes(canary));
    // The session's token: in the answer of the page's backend, and in the header that proves the caller.
    for (const it of log.entries) {
      for (const header of it.request.headers) header.value = header.name.toLowerCase() === 'authorization' ? '' : header.value;
      if (it.request.url.includes('/session')) it.response.content = {};
    }
    assert.doesNotMatch(JSON.stringify(log.entries), /eyJ[\w-]{20,}\.[\w-]{20,}\./);
  },

  async 'a page asks its own host and the API alone, and a strict policy sees no violation in the whole flow'() {
    stage.seen.urls.length = 0;
    host.forget({});
    const page = await stage.open('consent=token&status');
    await step(page, 'choose');
    await stage.logIn(page, persons.right.id);
    await step(page, 'preview');
    await press(page, /^Reconnect \d+/);
    await step(page, 'summary');
    await press(page, 'Undo');
    await page.waitForFunction(() => document.querySelector('regrant-reconnect').reconnect.undo_of);
    await step(page, 'summary');
    const origins = new Set(stage.seen.urls.map((it) => new URL(it).origin));
    assert.deepEqual([...origins].sort(), [given.api, host.url].sort());
    await noViolation(page);
    assert.deepEqual(stage.seen.lines.filter((it) => !/404/.test(it)), [], 'the console is quiet');
    await page.context().close();
  },

  async 'the module has no way to make markup or code of text, keeps nothing, and names no host'() {
    const text = await readFile(new URL('web/regrant.js', REPOSITORY), 'utf8');
    const banned = /innerHTML|outerHTML|insertAdjacentHTML|\beval\b|\bFunction\(|style=|document\.write|DOMParser|localStorage|sessionStorage|indexedDB|\.cookie\b|postMessage|https?:\/\/|WebSocket|sendBeacon|(?<![.\w#])(alert|prompt)\(/;
    assert.equal(banned.exec(text)?.[0], undefined);
  },

  async 'a page of another origin, of none, and of one that looks like ours is refused; ours is not'() {
    host.forget({});
    const { token } = await host.call('POST', '/v1/reconnect-sessions', { asset_ids: given.asset_ids.slice(0, 2) });
    const ask = (origin) => fetch(`${given.api}/v1/reconnect-sessions/current/consent`, {
      method: 'DELETE', headers: { authorization: `Bearer ${token}`, ...(origin && { origin }) },
    });
    for (const origin of ['https://evil.example', 'null', `${host.url}.`, `${host.url}0`, host.url.toUpperCase(), `${given.api}0`]) {
      assert.equal((await ask(origin)).status, 403, origin);
    }
    for (const origin of [host.url, given.api, null]) assert.equal((await ask(origin)).status, 204, String(origin));
  },

  async 'a listed origin whose API does not answer is named by the doctor'() {
    host.forget({});
    const page = await stage.open('consent=token');
    await step(page, 'choose');
    const well = await page.evaluate(() => document.querySelector('regrant-reconnect').doctor());
    assert.deepEqual(well.filter((it) => !it.ok), []);
    await page.route('**/v1/reconnect-sessions/**', (route) => route.abort());
    const ill = await page.evaluate(() => document.querySelector('regrant-reconnect').doctor());
    assert.deepEqual(ill.filter((it) => !it.ok).map((it) => it.code), ['origin']);
    await page.context().close();
    const guarded = await stage.open('consent=hosted&opener=same-origin');
    await step(guarded, 'choose');
    const found = await guarded.evaluate(() => document.querySelector('regrant-reconnect').doctor());
    assert.deepEqual(found.filter((it) => !it.ok).map((it) => it.code), ['link', 'opener_policy']);
    await guarded.context().close();
  },

  async 'a hosted page shows in no frame'() {
    host.forget({ asset_ids: given.asset_ids.slice(0, 2) });
    await host.makeLink();
    const page = await stage.browser.newPage();
    await page.goto(`${host.url}/plain?src=/regrant.js`);
    await page.evaluate((src) => new Promise((resolve) => {
      const frame = document.createElement('iframe');
      frame.onload = resolve;
      frame.src = src;
      document.body.append(frame);
    }), host.link);
    const [, frame] = page.frames();
    assert.equal(await frame.locator('form').count(), 0);
    await page.close();
  },

  async 'what another session started looks like what never was'() {
    const [one, other] = await Promise.all([0, 1].map(() => host.call('POST', '/v1/reconnect-sessions', { asset_ids: given.asset_ids.slice(0, 2) })));
    const as = async (session, method, at) => {
      const answer = await fetch(given.api + at, { method, headers: { authorization: `Bearer ${session.token}` } });
      const { request_id: _, ...body } = await answer.json();
      return [answer.status, body];
    };
    const access_token = await stage.token(persons.right.id);
    const made = await fetch(`${given.api}/v1/reconnects`, {
      method: 'POST',
      headers: { authorization: `Bearer ${one.token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ access_token, asset_ids: given.asset_ids.slice(0, 2), wait_seconds: 30 }),
    });
    const { id } = await made.json();
    assert.equal((await as(one, 'GET', `/v1/reconnects/${id}`))[0], 200);
    const never = `${id.slice(0, -4)}0000`;
    assert.deepEqual(await as(other, 'GET', `/v1/reconnects/${id}`), await as(other, 'GET', `/v1/reconnects/${never}`));
    assert.deepEqual((await as(other, 'GET', '/v1/reconnects'))[1].data, []);
    assert.equal((await as(one, 'GET', '/v1/reconnects'))[1].data.length, 1);
  },

  async 'the module is served for good under its name, to every origin, and its digest holds'() {
    const { path: at, integrity } = JSON.parse(await readFile(new URL('web/release.json', REPOSITORY), 'utf8'));
    const answer = await fetch(given.api + at);
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.get('cache-control'), 'public, max-age=31536000, immutable');
    assert.equal(answer.headers.get('access-control-allow-origin'), '*');
    assert.match(answer.headers.get('content-type'), /^text\/javascript/);
    assert.equal((await fetch(`${given.api}/static/regrant-0.1.0-000000000000.js`)).status, 404);
    const load = async (digest) => {
      const page = await stage.browser.newPage();
      await page.goto(`${host.url}/plain?${new URLSearchParams({ src: given.api + at, integrity: digest })}`);
      const isThere = await page.evaluate(() => Boolean(customElements.get('regrant-reconnect')));
      await page.close();
      return isThere;
    };
    assert.equal(await load(integrity), true);
    assert.equal(await load(integrity.replace(/-./, (it) => (it === '-A' ? '-B' : '-A'))), false, 'one other bit');
  },
};

await story(parts);
await stage.stop();
