// The component with hosted log-ins: the window has Regrant's pages and Meta's dialog, and no page of the provider sees a
// code or a token.

import assert from 'node:assert/strict';

import { story } from '../browser.mjs';
import { Stage, events, groups, main, noViolation, press, read, step, title } from './stage.mjs';

const stage = await new Stage(JSON.parse(process.argv[2])).start();
const { given, host } = stage;
const { persons } = given;
await stage.connect(persons.right.id);

async function arrive(query, order = {}) {
  host.forget({ asset_ids: given.asset_ids.slice(0, 12), ...order });
  await host.makeLink();
  const page = await stage.open(query);
  await step(page, 'choose');
  return page;
}

// Presses the button, and logs in as this person in the window that opens.
async function logIn(page, person, { choose } = {}) {
  const [window_] = await Promise.all([page.waitForEvent('popup'), main(page).locator('[data-act^=log_in], [data-act=choose_again]').first().click()]);
  await window_.locator('button[value="log_in"], button[value="choose_again"]').first().click();
  await window_.getByRole('link', { name: person, exact: true }).click();
  if (choose) await choose(window_);
  await window_.locator('button.main').click();
  return window_;
}

const parts = {
  async 'a log-in in the window brings the preview into the page, the window closes, and no token or code was in the page'() {
    const page = await arrive('consent=hosted');
    const window_ = await logIn(page, persons.right.name);
    await step(page, 'preview');
    if (!window_.isClosed()) await window_.waitForEvent('close', { timeout: 5000 });
    assert.equal((await read(page, 'preview')).counts.will_replace, 12);
    await press(page, /^Reconnect 12 assets$/);
    await step(page, 'summary');
    assert.equal(await title(page), 'Everything is reconnected');
    await press(page, 'Undo');
    await page.waitForFunction(() => document.querySelector('regrant-reconnect').reconnect.undo_of);
    await step(page, 'summary');
    const own = await page.evaluate(() => JSON.stringify(window.seen) + document.documentElement.outerHTML);
    assert.doesNotMatch(own, /EAA|AQD|eyJ/);
    await noViolation(page);
    await page.context().close();
  },

  async 'after a log-in in the window the session that ends is that of the link'() {
    const page = await arrive('consent=hosted');
    const first = host.sessionId;
    await logIn(page, persons.right.name);
    await step(page, 'preview');
    assert.notEqual(host.sessionId, first);
    await host.call('POST', `/v1/reconnect-sessions/${host.sessionId}/refresh`, { minutes: 15 });
    await press(page, 'Check again');
    await page.waitForFunction((it) => window.sessionIds.at(-1) === it, host.sessionId);
    assert.equal(await page.evaluate(() => window.sessionIds[0]), null);
    await step(page, 'preview');
    await page.context().close();
  },

  async 'what a person confirms with the link itself is followed in the page'() {
    const page = await arrive('consent=hosted');
    // The page does not look while the person finishes in another tab, which the page did not open.
    await Promise.all([page.waitForEvent('popup').then((it) => it.close()), press(page, 'Continue to Meta')]);
    await page.route('**/session?*', async (route) => { await held; await route.continue(); });
    let release;
    const held = new Promise((resolve) => { release = resolve; });
    const window_ = await page.context().newPage();
    await window_.goto(host.link);
    await window_.locator('button[value="log_in"]').click();
    await window_.getByRole('link', { name: persons.right.name, exact: true }).click();
    await window_.locator('button.main').click();
    await window_.locator('button[value="confirm"]').click({ timeout: 30_000 });
    release();
    await step(page, 'summary', 30_000);
    assert.deepEqual(await groups(page), { Done: 12 });
    await page.context().close();
  },

  async 'calls of the page that fail while a person logs in end nothing: the window stays, and the page waits on'() {
    const page = await arrive('consent=hosted');
    const [window_] = await Promise.all([page.waitForEvent('popup'), press(page, 'Continue to Meta')]);
    await window_.locator('button[value="log_in"]').click();
    const answers = [(it) => it.abort(), (it) => it.fulfill({ status: 502, body: '<h1>Bad gateway</h1>' })];
    let failed = 0;
    await page.route('**/session?*', (route) => answers[failed++ % 2](route));
    await page.waitForTimeout(6500);
    assert.ok(failed >= 2, `${failed} calls`);
    assert.equal(await read(page, 'step'), 'waiting');
    assert.equal(window_.isClosed(), false);
    await page.unroute('**/session?*');
    await window_.getByRole('link', { name: persons.right.name, exact: true }).click();
    await window_.locator('button.main').click();
    await step(page, 'preview');
    assert.deepEqual(await events(page, 'load-error'), []);
    await page.context().close();
  },

  async 'a person who left assets out chooses again at Meta, and the page takes the new log-in'() {
    host.forget({ asset_ids: given.asset_ids.slice(0, 12) });
    await host.makeLink();
    const page = await stage.open('consent=hosted');
    await step(page, 'choose');
    const first = await logIn(page, persons.right.name);
    await step(page, 'preview');
    const consent = await page.evaluate(() => document.querySelector('regrant-reconnect').preview.id);
    await first.close().catch(() => {});
    const [again] = await Promise.all([page.waitForEvent('popup'), press(page, 'Choose again at Meta')]);
    assert.match(again.url(), /from=page_again/);
    await page.evaluate(() => { document.querySelector('regrant-reconnect').texts = { waiting: 'Our title' }; });
    await step(page, 'waiting');
    assert.match(await main(page).getByRole('link', { name: 'Open again' }).getAttribute('href'), /from=page_again/);
    await again.getByRole('button', { name: 'Choose again at Meta' }).click();
    await again.getByRole('link', { name: persons.right.name, exact: true }).click();
    await again.locator('button.main').click();
    await step(page, 'preview');
    const next = await page.evaluate(() => document.querySelector('regrant-reconnect').preview.id);
    assert.notEqual(next, consent);
    await page.context().close();
  },

  async 'a blocked window is said, and a link opens it'() {
    host.forget({ asset_ids: given.asset_ids.slice(0, 12) });
    await host.makeLink();
    const page = await stage.open('consent=hosted');
    await step(page, 'choose');
    await page.evaluate(() => { window.open = () => null; });
    await press(page, 'Continue to Meta');
    await step(page, 'waiting');
    assert.match(await main(page).getByRole('alert').innerText(), /blocked the window/);
    const link = main(page).getByRole('link', { name: 'Open again' });
    assert.equal(await link.getAttribute('href'), `${host.link}?from=page`);
    const ill = await page.evaluate(() => document.querySelector('regrant-reconnect').doctor());
    assert.ok(ill.some((it) => it.code === 'pop_up' && !it.ok));
    await page.context().close();
  },

  async 'a page with an opener policy ends the flow, and never says that it was cancelled while the window is open'() {
    const page = await arrive('consent=hosted&opener=same-origin');
    const window_ = await logIn(page, persons.right.name);
    assert.ok(window_);
    await step(page, 'preview');
    const steps = (await events(page, 'step-change')).map((it) => it.step);
    assert.deepEqual(steps.slice(steps.indexOf('waiting')), ['waiting', 'checking', 'preview']);
    await page.context().close();
  },

  async 'a page and a dialog that both have an opener policy end the flow, and never say that it was cancelled'() {
    const page = await arrive('consent=hosted&opener=same-origin');
    await page.context().route('**/dialog/oauth*', async (route) => {
      const answer = await route.fetch({ maxRedirects: 0 });
      await route.fulfill({ response: answer, headers: { ...answer.headers(), 'cross-origin-opener-policy': 'same-origin' } });
    });
    const [window_] = await Promise.all([page.waitForEvent('popup'), press(page, 'Continue to Meta')]);
    await window_.locator('button[value="log_in"]').click();
    await window_.getByRole('link', { name: persons.right.name, exact: true }).waitFor();
    // The handle of the page says that the window is closed, though it is open.
    await page.waitForTimeout(6000);
    assert.equal(await read(page, 'step'), 'waiting');
    assert.equal(await main(page).getByRole('alert').count(), 0);
    await window_.getByRole('link', { name: persons.right.name, exact: true }).click();
    await window_.locator('button.main').click();
    await window_.getByRole('heading', { name: 'You are logged in' }).waitFor();
    await step(page, 'preview');
    const steps = (await events(page, 'step-change')).map((it) => it.step);
    assert.deepEqual(steps.slice(steps.indexOf('waiting')), ['waiting', 'checking', 'preview']);
    await press(page, /^Reconnect 12 assets$/);
    await step(page, 'summary');
    await page.context().close();
  },

  async 'other texts, another language and a move of the element leave the window open, and the page waits on'() {
    const page = await arrive('consent=hosted');
    const [window_] = await Promise.all([page.waitForEvent('popup'), press(page, 'Continue to Meta')]);
    await window_.locator('button[value="log_in"]').click();
    const changes = {
      texts: () => { document.querySelector('regrant-reconnect').texts = { waiting: 'Our title' }; },
      language: () => { document.querySelector('regrant-reconnect').lang = 'de'; },
      move: () => { document.body.append(document.querySelector('regrant-reconnect')); },
    };
    for (const [name, change] of Object.entries(changes)) {
      await page.evaluate(change);
      assert.equal(await read(page, 'step'), 'loading', name);
      await step(page, 'waiting');
      assert.equal(window_.isClosed(), false, name);
    }
    // Equal texts are no change.
    await page.evaluate(changes.texts);
    assert.equal(await read(page, 'step'), 'waiting');
    await window_.getByRole('link', { name: persons.right.name, exact: true }).click();
    await window_.locator('button.main').click();
    await step(page, 'preview');
    if (!window_.isClosed()) await window_.waitForEvent('close', { timeout: 5000 });
    await page.context().close();
  },

  async 'a window that a person closes changes nothing, and the person can log in again'() {
    const page = await arrive('consent=hosted');
    const [window_] = await Promise.all([page.waitForEvent('popup'), press(page, 'Continue to Meta')]);
    await window_.close();
    await page.waitForTimeout(3000);
    assert.equal(await read(page, 'step'), 'waiting', 'a closed window says nothing');
    await press(page, 'I closed it');
    await step(page, 'choose');
    await logIn(page, persons.right.name);
    await step(page, 'preview');
    await page.context().close();
  },

  async 'another person is refused in the window, and the page waits for the right one'() {
    const before = await stage.dump();
    const page = await arrive('consent=hosted', { person_id: persons.right.id });
    const window_ = await logIn(page, persons.wrong.name);
    const notice = await window_.getByRole('alert').innerText();
    for (const name of [persons.wrong.name, persons.right.name]) assert.ok(notice.includes(name), notice);
    assert.equal(await read(page, 'step'), 'waiting');
    assert.deepEqual(await stage.dump(), before);
    await window_.locator('button[value="log_in"]').click();
    await window_.getByRole('link', { name: persons.right.name, exact: true }).click();
    await window_.locator('button.main').click();
    await step(page, 'preview');
    await page.context().close();
  },
};

await story(parts);
await stage.stop();
