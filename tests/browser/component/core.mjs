// The core flow, for each engine: a page of the provider under a strict policy, from the list to the undo.
//
// An engine gives `evaluate(function, argument)`, which runs in the page; what it cannot do is said where it is started.

import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';

const ELEMENT = 'regrant-reconnect';

export class Driver {
  constructor(engine) {
    this.engine = engine;
  }

  read(name) {
    return this.engine.evaluate((tag, it) => JSON.parse(JSON.stringify(document.querySelector(tag)[it] ?? null)), ELEMENT, name);
  }

  // The heading, the groups and the buttons.
  async shown() {
    return this.engine.evaluate((tag) => {
      const root = document.querySelector(tag).shadowRoot;
      const texts = (what) => [...root.querySelectorAll(what)].map((it) => it.textContent.trim());
      return { title: texts('h2')[0], groups: texts('h3'), buttons: texts('button'), rows: root.querySelectorAll('li').length };
    }, ELEMENT);
  }

  async press(act) {
    await this.engine.evaluate((tag, it) => document.querySelector(tag).shadowRoot.querySelector(`[data-act=${it}]`).click(), ELEMENT, act);
  }

  async step(name, isUndo = false) {
    for (let turn = 0; turn < 300; turn += 1) {
      const isThere = await this.engine.evaluate((tag, it, undoes) => {
        const { step, reconnect } = document.querySelector(tag);
        return step === it && (!undoes || Boolean(reconnect.undo_of));
      }, ELEMENT, name, isUndo);
      if (isThere) return;
      await pause(100);
    }
    throw new Error(`not at ${name}, but at ${await this.read('step')}: ${JSON.stringify(await this.shown())}`);
  }

  violations() {
    return this.engine.evaluate(() => window.seen.filter(([it]) => it === 'violation').map((it) => it.join(' ')));
  }
}

export async function coreFlow(engine, stage) {
  const { given, host } = stage;
  const driver = new Driver(engine);
  const asset_ids = given.asset_ids.slice(0, 12);
  host.forget({ asset_ids });
  const before = await stage.dump();
  await engine.open(`${host.url}/?consent=token`);
  await driver.step('choose');
  assert.equal((await driver.shown()).rows, asset_ids.length);
  await driver.press('log_in');
  await driver.step('waiting');
  const login = { access_token: await stage.token(given.persons.right.id) };
  await engine.evaluate((tag, it) => { document.querySelector(tag).giveConsent(it); }, ELEMENT, login);
  await driver.step('preview');
  assert.deepEqual((await driver.shown()).groups, ['Will be reconnected 12']);
  // Twice: one reconnect.
  const count = (await stage.reconnects()).length;
  await engine.evaluate((tag) => {
    const button = document.querySelector(tag).shadowRoot.querySelector('[data-act=confirm]');
    button.click();
    button.click();
  }, ELEMENT);
  await driver.step('summary');
  assert.equal((await stage.reconnects()).length, count + 1);
  assert.equal((await driver.shown()).title, 'Everything is reconnected');
  assert.deepEqual((await driver.shown()).groups, ['Done 12']);
  await driver.press('undo');
  await driver.step('summary', true);
  assert.equal((await driver.shown()).title, 'The reconnect was undone');
  assert.deepEqual(await stage.dump(), before);
  assert.deepEqual(await driver.violations(), []);
}

// A page in German; its reload comes back to the same step.
export async function reloadInGerman(engine, stage) {
  const { given, host } = stage;
  const driver = new Driver(engine);
  host.forget({ asset_ids: given.asset_ids.slice(0, 12) });
  await engine.open(`${host.url}/?consent=token&lang=de`);
  await driver.step('choose');
  assert.equal((await driver.shown()).title, 'Verbindungen erneuern');
  const login = { access_token: await stage.token(given.persons.right.id) };
  await engine.evaluate((tag, it) => { document.querySelector(tag).giveConsent(it); }, ELEMENT, login);
  await driver.step('preview');
  await engine.open(`${host.url}/?consent=token&lang=de`);
  await driver.step('preview');
  assert.equal((await driver.shown()).title, 'Was sich ändern wird');
  assert.deepEqual(await driver.violations(), []);
}
