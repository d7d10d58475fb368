// What every story of the component has: a provider's page in a browser, a person at the simulated Meta, and the world.

import assert from 'node:assert/strict';
import path from 'node:path';

import { launch } from '../browser.mjs';
import { Host } from './host.mjs';
import { Rehearsal } from './rehearsal.mjs';

const PERSONS = {
  right: { id: '100000000000001', name: 'Person One (personal account)' },
  managed: { id: '100000000000002', name: 'Person One (managed account)' },
  wrong: { id: '100000000000009', name: 'Person Nine' },
};

export class Stage {
  // Pages, console lines and addresses of this story, for the search for secrets.
  seen = { texts: [], lines: [], urls: [], bodies: [] };

  constructor(given) {
    this.given = { persons: PERSONS, ...given };
  }

  async start({ hasBrowser = true } = {}) {
    if (this.given.binary) {
      this.rehearsal = new Rehearsal();
      Object.assign(this.given, await this.rehearsal.start(this.given.binary));
    }
    this.host = await new Host(this.given).start();
    if (hasBrowser) this.browser = await launch();
    return this;
  }

  async stop() {
    await this.browser?.close();
    this.host.stop();
    await this.rehearsal?.stop();
  }

  // Connects every asset of the tenant with a token of this person.
  async connect(person) {
    const ids = (await this.dump()).map(([id]) => id);
    const access_token = await this.token(person);
    await this.host.call('POST', '/v1/reconnects', { access_token, asset_ids: ids, wait_seconds: 30 });
    this.given.asset_ids = ids;
  }

  // Opens the provider's page in a profile of its own.
  async open(query = 'consent=token', options = {}) {
    const context = await this.browser.newContext({
      viewport: { width: 900, height: 900 }, timezoneId: 'Asia/Kathmandu', locale: 'en-GB', ...options,
    });
    const page = await context.newPage();
    page.setDefaultTimeout(10_000);
    page.on('console', (it) => { this.seen.lines.push(it.text()); if (process.env.REGRANT_LOUD) console.log(it.text()); });
    page.on('pageerror', (it) => { this.seen.lines.push(`pageerror ${it.stack}`); console.log(`pageerror ${it.stack}`); });
    context.on('request', (it) => this.seen.urls.push(it.url()));
    await page.goto(`${this.host.url}/?${query}`);
    return page;
  }

  // A token of a person, as a log-in at Meta gives it.
  async token(person, more = {}) {
    const made = await this.host.sandbox('POST', 'tokens', { person, app: this.given.app, ...more });
    return made.access_token;
  }

  // Gives the component a log-in of this person.
  async logIn(page, person, more = {}) {
    const login = { access_token: await this.token(person, more) };
    await main(page).getByRole('button', { name: /^(Continue to Meta|Log in again|Choose again at Meta|Weiter zu Meta|Erneut anmelden)$/ }).click();
    await step(page, 'waiting');
    await page.evaluate((given) => document.querySelector('regrant-reconnect').giveConsent(given), login);
  }

  async shoot(page, name) {
    if (this.given.shots) await page.screenshot({ path: path.join(this.given.shots, `${name}.png`), fullPage: true });
  }

  // The state of each asset and what serves it, as the tenant's backend reads it.
  async dump() {
    const list = [];
    for (let cursor = ''; cursor != null;) {
      const read = await this.host.call('GET', `/v1/assets?limit=200${cursor && `&cursor=${cursor}`}`);
      list.push(...read.data.map((it) => [it.id, it.state, it.person_id]));
      cursor = read.next_cursor;
    }
    return list;
  }

  async reconnects() {
    return (await this.host.call('GET', '/v1/reconnects?limit=200')).data;
  }
}

export const main = (page) => page.locator('regrant-reconnect');

// Waits until the element is at this step.
export async function step(page, name, timeout = 15_000) {
  await page.waitForFunction((it) => document.querySelector('regrant-reconnect').step === it, name, { timeout, polling: 100 })
    .catch(async () => {
      const text = await main(page).locator('section').innerText({ timeout: 500 }).catch(() => '');
      throw new Error(`not at ${name}, but at ${await read(page, 'step')}: ${text.slice(0, 400)}`);
    });
}

export const read = (page, name) => page.evaluate((it) => document.querySelector('regrant-reconnect')[it], name);

export const press = (page, name) => main(page).getByRole('button', { name, exact: typeof name === 'string' }).click();

export const title = (page) => main(page).getByRole('heading', { level: 2 }).innerText();

// The headings of the groups with their counts.
export async function groups(page) {
  const parts = await main(page).locator('h3').evaluateAll((all) => all.map((it) => it.innerText.split(/\s+(?=[\d.,]+$)/)));
  return Object.fromEntries(parts.map(([name, count]) => [name, Number(count.replace(/[.,]/g, ''))]));
}

export async function events(page, name) {
  const all = await page.evaluate(() => window.seen);
  return all.filter(([it]) => it === name).map(([, detail]) => detail);
}

export async function noViolation(page) {
  assert.deepEqual(await events(page, 'violation'), []);
}

// Goes through the steps, and looks at each. The log-in leaves two assets out.
export async function walk(stage, page, look) {
  await look('choose');
  await main(page).locator('[data-act=log_in]').click();
  await look('waiting');
  await main(page).locator('[data-act=i_closed_it]').click();
  await main(page).locator('[data-act^=log_in]').click();
  const access_token = await stage.token(stage.given.persons.right.id, { assets: stage.given.asset_ids.slice(2, 12) });
  await page.evaluate((it) => document.querySelector('regrant-reconnect').giveConsent(it), { access_token });
  await step(page, 'preview');
  await look('preview');
  await main(page).locator('.main').click();
  await step(page, 'summary');
  await look('summary');
}
