// The page of `regrant dev`: a month of a migration by its buttons, with the component in it.

import assert from 'node:assert/strict';
import path from 'node:path';

import { REPOSITORY, story } from '../browser.mjs';
import { Stage, groups, main, press, step, title } from './stage.mjs';

const stage = await new Stage(JSON.parse(process.argv[2])).start();
const { given } = stage;
const { persons } = given;

// The pictures of the README: REGRANT_README_PICTURES=1 writes them.
const PICTURES = process.env.REGRANT_README_PICTURES && new URL('docs/images/', REPOSITORY).pathname;

async function picture(page, name) {
  await stage.shoot(page, name);
  if (PICTURES) {
    await page.evaluate(() => scrollTo(0, 0));
    await page.screenshot({ path: path.join(PICTURES, `${name}.png`) });
  }
}

const act = (page, name) => page.locator(`button[data-act=${name}]`).click();
const isDone = (page, name) => page.locator(`#${name}.done`).waitFor({ timeout: 30_000 });

const parts = {
  async 'a person plays the whole story: connect, migrate, a month, replace, complete, undo'() {
    const context = await stage.browser.newContext({ viewport: { width: 1320, height: 860 } });
    const page = await context.newPage();
    page.setDefaultTimeout(15_000);
    const faults = [];
    page.on('console', (it) => { if (it.type() === 'error' && !/404|401/.test(it.text())) faults.push(it.text()); });
    page.on('pageerror', (it) => faults.push(it.stack));
    await page.goto(given.api);
    await step(page, 'choose');
    await act(page, 'connect');
    await isDone(page, 'connect');
    await act(page, 'migrate');
    await isDone(page, 'migrate');
    await act(page, 'advance');
    await isDone(page, 'advance');
    await page.locator('#assets dt', { hasText: 'disconnected' }).waitFor({ timeout: 60_000 });
    await main(page).getByText(/assets? needs? a new log-in/).waitFor({ timeout: 60_000 });
    await picture(page, 'story');
    const [window_] = await Promise.all([page.waitForEvent('popup'), act(page, 'replace')]);
    await window_.locator('button[value="log_in"]').click();
    await window_.getByRole('link', { name: persons.managed.name, exact: true }).click();
    await window_.getByRole('button', { name: 'Choose all, now and later' }).click();
    await step(page, 'preview');
    await press(page, /^Reconnect \d+ assets$/);
    await step(page, 'summary', 30_000);
    assert.equal(await title(page), 'Some assets need something else');
    const before = await groups(page);
    assert.deepEqual(before, { Done: 90, 'Follows by itself': 30 });
    await picture(page, 'reconnect');
    await isDone(page, 'replace');
    await act(page, 'complete');
    await isDone(page, 'complete');
    await main(page).getByText('Everything is reconnected').waitFor({ timeout: 90_000 });
    assert.deepEqual(await groups(page), { Done: 120 });
    await act(page, 'undo');
    await isDone(page, 'undo');
    await step(page, 'summary', 30_000);
    await stage.shoot(page, 'story-undone');
    assert.deepEqual(faults, []);
    await context.close();
  },

  async 'the page of the story fits a phone and a dark screen'() {
    const context = await stage.browser.newContext({ viewport: { width: 360, height: 800 }, colorScheme: 'dark' });
    const page = await context.newPage();
    await page.goto(given.api);
    await page.waitForFunction(() => document.querySelector('regrant-reconnect').step !== 'loading');
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
    await stage.shoot(page, 'story-360-dark');
    await context.close();
  },

  async 'only the page itself can press its buttons'() {
    for (const headers of [{}, { 'sec-fetch-site': 'cross-site' }, { 'sec-fetch-site': 'same-site' }]) {
      const answer = await fetch(`${given.api}/story/advance`, { method: 'POST', headers });
      assert.equal(answer.status, 403, JSON.stringify(headers));
    }
  },
};

await story(parts);
await stage.stop();
