// The core flow in Firefox, by WebDriver BiDi.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';

import { story } from '../browser.mjs';
import { Driver, coreFlow, reloadInGerman } from './core.mjs';
import { Stage } from './stage.mjs';

const require = createRequire(path.join(process.env.REGRANT_BROWSER_HOME, 'package.json'));
const puppeteer = require('puppeteer-core');

const stage = await new Stage(JSON.parse(process.argv[2])).start({ hasBrowser: false });
const { given, host } = stage;
await stage.connect(given.persons.right.id);

const browser = await puppeteer.launch({
  browser: 'firefox',
  executablePath: process.env.REGRANT_FIREFOX ?? '/usr/bin/firefox-esr',
  headless: true,
  extraPrefsFirefox: { 'intl.locale.requested': 'en-GB', 'network.captive-portal-service.enabled': false, 'app.update.enabled': false },
});
const page = await browser.newPage();
const faults = [];
// The page has no icon, and its policy allows none.
page.on('pageerror', (it) => { if (!/favicon/.test(it.message)) faults.push(it.message); });

const engine = {
  open: (url) => page.goto(url),
  evaluate: (run, ...given_) => page.evaluate(run, ...given_),
};

const parts = {
  'the whole flow, under a strict policy, with one reconnect for two presses': () => coreFlow(engine, stage),
  'a German page, and its reload': () => reloadInGerman(engine, stage),

  async 'axe finds nothing in the list'() {
    host.forget({ asset_ids: given.asset_ids.slice(0, 12) });
    await engine.open(`${host.url}/?consent=token`);
    await new Driver(engine).step('choose');
    await page.evaluate(await readFile(require.resolve('axe-core/axe.min.js'), 'utf8'));
    const found = await page.evaluate(async () => (await window.axe.run('regrant-reconnect')).violations.map((it) => it.id));
    assert.deepEqual(found, []);
  },

  async 'the console is quiet'() {
    assert.deepEqual(faults, []);
  },
};

await story(parts);
await browser.close();
await stage.stop();
