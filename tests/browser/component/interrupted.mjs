// The browser itself is interrupted while a reconnect runs: hidden, asleep, killed.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

import { launchProcess, story } from '../browser.mjs';
import { Stage, groups, main, press, read, step } from './stage.mjs';

const stage = await new Stage(JSON.parse(process.argv[2])).start({ hasBrowser: false });
const { given, host } = stage;
await stage.connect(given.persons.right.id);

// The browsers of a part, to be closed at its end.
const opened = [];

async function newBrowser() {
  opened.push(await launchProcess());
  stage.browser = opened.at(-1).browser;
  return opened.at(-1);
}

// Opens a page in a browser of its own, up to a reconnect whose probes take a while, and which has its first outcomes.
async function begin(run) {
  const { pid } = await newBrowser();
  host.forget();
  const page = await stage.open();
  await step(page, 'choose');
  await stage.logIn(page, given.persons.right.id);
  await step(page, 'preview');
  const { id } = await host.sandbox('POST', 'faults', { match: {}, effect: { latency_ms: 1200 } });
  await press(page, /^Reconnect \d+ assets$/);
  await step(page, 'running');
  await page.waitForFunction(() => document.querySelector('regrant-reconnect').items.some((it) => it.outcome));
  try {
    await run({ page, pid, reconnect: await read(page, 'reconnect') });
  } finally {
    await host.sandbox('DELETE', `faults/${id}`).catch(() => {});
    for (const it of opened.splice(0)) await it.close().catch(() => {});
  }
}

// A process and all that it started.
function family(pid) {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean);
  return [pid, ...children.flatMap(family)];
}

function signal(pid, name) {
  for (const it of family(pid)) process.kill(it, name);
}

async function hasEnded(id) {
  for (let turn = 0; turn < 120; turn += 1) {
    if ((await host.call('GET', `/v1/reconnects/${id}`)).status === 'completed') return;
    await pause(500);
  }
  throw new Error('the reconnect does not end');
}

// What the page shows is what the server has, row by row, once.
async function agrees(page, id) {
  await step(page, 'summary', 60_000);
  assert.equal((await read(page, 'reconnect')).id, id);
  const view = await host.call('GET', `/v1/reconnects/${id}`);
  assert.deepEqual(await read(page, 'items'), view.items);
  assert.deepEqual(await groups(page), { Done: given.asset_ids.length });
}

const parts = {
  async 'a browser that sleeps meanwhile shows the end when it wakes'() {
    const count = (await stage.reconnects()).length;
    await begin(async ({ page, pid, reconnect }) => {
      signal(pid, 'SIGSTOP');
      await hasEnded(reconnect.id);
      await pause(20_000);
      signal(pid, 'SIGCONT');
      await agrees(page, reconnect.id);
    });
    assert.equal((await stage.reconnects()).length, count + 1);
  },

  async 'a browser that crashes and is opened again continues the same reconnect'() {
    const count = (await stage.reconnects()).length;
    await begin(async ({ pid, reconnect }) => {
      signal(pid, 'SIGKILL');
      await newBrowser();
      const page = await stage.open();
      await page.waitForFunction(() => ['running', 'summary'].includes(document.querySelector('regrant-reconnect').step));
      await agrees(page, reconnect.id);
    });
    assert.equal((await stage.reconnects()).length, count + 1);
  },

  // Frozen as a browser freezes a tab that is hidden for long: no task of the page runs. The clock of the server does not stop.
  async 'a tab that is hidden and frozen for two minutes shows the end when it is looked at'() {
    await begin(async ({ page, reconnect }) => {
      const client = await page.context().newCDPSession(page);
      const show = (isHidden) => page.evaluate((it) => {
        Object.defineProperty(document, 'hidden', { configurable: true, value: it });
        Object.defineProperty(document, 'visibilityState', { configurable: true, value: it ? 'hidden' : 'visible' });
        document.dispatchEvent(new Event('visibilitychange'));
      }, isHidden);
      await show(true);
      await client.send('Page.setWebLifecycleState', { state: 'frozen' });
      await pause(120_000);
      await hasEnded(reconnect.id);
      await client.send('Page.setWebLifecycleState', { state: 'active' });
      await show(false);
      await agrees(page, reconnect.id);
      assert.equal(await main(page).getByRole('alert').count(), 0);
    });
  },
};

await story(parts);
stage.browser = null;
await stage.stop();
