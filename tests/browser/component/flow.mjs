// The component in Chromium, as a person uses it: from the list to the summary, and back by undo.

import assert from 'node:assert/strict';

import { story } from '../browser.mjs';
import { Stage, events, groups, main, noViolation, press, read, step, title } from './stage.mjs';

const stage = await new Stage(JSON.parse(process.argv[2])).start();
const { given, host } = stage;
const { persons } = given;
const sum = (counts) => Object.values(counts).reduce((one, other) => one + other, 0);
const isConfirm = /^Reconnect \d+ assets?$/;
await stage.connect(persons.right.id);

// Opens a page at its first step.
async function arrive(query, order) {
  host.forget(order);
  const page = await stage.open(query);
  await step(page, 'choose');
  return page;
}

const parts = {
  async 'a person sees what will change, confirms, sees the summary and undoes it'() {
    const before = await stage.dump();
    const page = await arrive();
    await stage.shoot(page, 'choose');
    await stage.logIn(page, persons.right.id);
    await step(page, 'preview');
    await stage.shoot(page, 'preview');
    assert.equal(sum(await groups(page)), given.asset_ids.length);
    await press(page, isConfirm);
    await step(page, 'summary');
    await stage.shoot(page, 'summary');
    assert.equal(await title(page), 'Everything is reconnected');
    assert.equal(sum(await groups(page)), given.asset_ids.length);
    await press(page, 'Undo');
    await page.waitForFunction(() => document.querySelector('regrant-reconnect').reconnect.undo_of);
    await step(page, 'summary');
    await stage.shoot(page, 'undone');
    assert.equal(await title(page), 'The reconnect was undone');
    assert.deepEqual(await stage.dump(), before);
    const [finished] = await events(page, 'finished');
    assert.equal(finished.verdict, 'all_done');
    await noViolation(page);
    await page.context().close();
  },

  async 'what was not ticked is named, and choosing again asks again for what was chosen'() {
    const [first, second, ...others] = given.asset_ids;
    const page = await arrive('consent=token', { asset_ids: [first, second, ...others.slice(0, 8)] });
    const ticked = others.slice(0, 8);
    await stage.logIn(page, persons.right.id, { assets: ticked });
    await step(page, 'preview');
    const missed = main(page).locator('section.left_out');
    assert.equal(await missed.locator('li').count(), 2, 'exactly these');
    const text = await missed.evaluate((it) => it.textContent);
    for (const id of [first, second]) assert.ok(text.includes(id), text);
    assert.match(text, /Not ticked|No access/);
    await stage.shoot(page, 'unticked');
    await press(page, 'Choose again at Meta');
    const [, asked] = await events(page, 'consent-needed');
    assert.equal(asked.asksAgain, true);
    await page.context().close();
  },

  async 'what the same person left out waits, although the log-in before still serves it'() {
    const ids = given.asset_ids;
    const page = await arrive('consent=token', { asset_ids: ids });
    await stage.logIn(page, persons.right.id, { assets: ids.slice(2) });
    await step(page, 'preview');
    await press(page, isConfirm);
    await step(page, 'summary');
    assert.equal(await title(page), 'Some assets need something else');
    assert.deepEqual(await groups(page), { Done: ids.length - 2, 'Follows by itself': 2 });
    assert.equal(await main(page).locator('h2.good').count(), 0);
    assert.deepEqual((await stage.dump()).map(([, , person]) => person), ids.map(() => persons.right.id));
    // So it does after a reload.
    await page.reload();
    await step(page, 'summary');
    assert.equal((await groups(page))['Follows by itself'], 2);
    await page.context().close();
  },

  async 'an undo says what it left as it was, and why'() {
    const asset_ids = given.asset_ids.slice(2, 6);
    const page = await arrive('consent=token', { asset_ids });
    await stage.logIn(page, persons.right.id);
    await step(page, 'preview');
    await press(page, isConfirm);
    await step(page, 'summary');
    const access_token = await stage.token(persons.right.id);
    await host.call('POST', '/v1/reconnects', { access_token, asset_ids: asset_ids.slice(0, 1), wait_seconds: 30 });
    await press(page, 'Undo');
    await page.waitForFunction(() => document.querySelector('regrant-reconnect').reconnect.undo_of);
    await step(page, 'summary');
    assert.equal(await title(page), 'The reconnect was partly undone');
    assert.deepEqual(await groups(page), { Restored: 3, 'Not undone': 1 });
    assert.equal(await main(page).locator('h2.good').count(), 0);
    assert.match(await main(page).locator('.restored > .hint').innerText(), /The earlier access works again/);
    assert.ok((await main(page).locator('.kept > .hint').innerText()).length > 20, 'it says why');
    await page.context().close();
  },

  async 'a page is warned of assets that it may not name'() {
    const asset_ids = given.asset_ids.slice(0, 2);
    const page = await arrive('consent=token', { asset_ids });
    await stage.logIn(page, persons.right.id, { assets: asset_ids });
    await step(page, 'preview');
    await main(page).getByText('Without a tick at Meta other assets may stop too.').waitFor();
    assert.equal(await main(page).locator('section.left_out').count(), 0);
    await stage.shoot(page, 'others');
    await stage.logIn(page, persons.right.id);
    await step(page, 'preview');
    assert.equal(await main(page).getByText('Without a tick at Meta').count(), 0);
    await page.context().close();
  },

  async 'a log-in that covers nothing offers nothing to confirm'() {
    const page = await arrive('consent=token', { asset_ids: given.asset_ids.slice(0, 2) });
    await page.route(/reconnect-previews(\/rpv_\w+)?$/, async (route) => {
      const answer = await route.fetch();
      const body = await answer.json();
      await route.fulfill({ response: answer, json: { ...body, items: body.items.map((it) => ({ ...it, coverage: 'uncovered' })) } });
    });
    await stage.logIn(page, persons.right.id);
    await step(page, 'preview');
    assert.deepEqual(await groups(page), { 'Not covered by this log-in': 2 });
    assert.equal(await main(page).getByRole('button', { name: isConfirm }).count(), 0);
    const between = await main(page).locator('.acts').evaluate((it) => [...it.childNodes].filter((one) => one.nodeType === 3).map((one) => one.data));
    assert.deepEqual(between, [], 'no text among the buttons');
    await page.context().close();
  },

  async 'while a confirmation is on its way no other button starts something'() {
    const page = await arrive('consent=token', { asset_ids: given.asset_ids.slice(0, 12) });
    await stage.logIn(page, persons.right.id);
    await step(page, 'preview');
    let release;
    const held = new Promise((resolve) => { release = resolve; });
    await page.route('**/v1/reconnects', async (route) => { await held; await route.continue(); });
    await press(page, 'Reconnect 12 assets');
    for (const name of ['Check again', 'Choose again at Meta', 'Change the choice', 'Use another account']) {
      await press(page, name);
      assert.equal(await read(page, 'step'), 'preview', name);
    }
    release();
    await step(page, 'summary');
    assert.equal(await title(page), 'Everything is reconnected');
    const steps = (await events(page, 'step-change')).map((it) => it.step);
    assert.deepEqual(steps.slice(steps.indexOf('preview')), ['preview', 'running', 'summary']);
    await page.context().close();
  },

  async 'a log-in of another person writes nothing, and the page keeps its place'() {
    const before = await stage.dump();
    const count = (await stage.reconnects()).length;
    const page = await arrive('consent=token', { person_id: persons.right.id });
    await stage.logIn(page, persons.wrong.id);
    await step(page, 'choose');
    const said = await main(page).getByRole('alert').innerText();
    assert.ok(said.includes(persons.right.name), said);
    await stage.shoot(page, 'wrong-person');
    assert.deepEqual(await stage.dump(), before);
    assert.equal((await stage.reconnects()).length, count);
    await stage.logIn(page, persons.right.id);
    await step(page, 'preview');
    await page.context().close();
  },

  async 'a code of the page is exchanged once, and no token is ever in the page'() {
    const page = await arrive('consent=code');
    await press(page, 'Continue to Meta');
    await step(page, 'waiting');
    const [asked] = await events(page, 'consent-needed');
    assert.equal(asked.form, 'code');
    const before = (await host.sandbox('GET', 'calls')).code_exchanges;
    const redirect_uri = `${host.url}/back`;
    const { code } = await host.sandbox('POST', 'codes', { person: persons.right.id, app: given.app, redirect_uri });
    await page.evaluate((login) => document.querySelector('regrant-reconnect').giveConsent(login), { code, redirect_uri });
    await step(page, 'preview');
    await page.evaluate((login) => document.querySelector('regrant-reconnect').giveConsent(login), { code, redirect_uri });
    await main(page).getByRole('alert').waitFor();
    assert.match(await main(page).getByRole('alert').innerText(), /Meta did not accept the log-in/);
    assert.equal((await host.sandbox('GET', 'calls')).code_exchanges, before + 1);
    await page.context().close();
  },

  async 'a double click, Enter twice, three tabs and a reload at once are one reconnect'() {
    const count = (await stage.reconnects()).length;
    const page = await arrive();
    await stage.logIn(page, persons.right.id);
    await step(page, 'preview');
    const other = await page.context().newPage();
    await other.goto(page.url());
    await step(other, 'preview');
    const third = await page.context().newPage();
    await third.goto(page.url());
    await step(third, 'preview');
    const button = (it) => main(it).getByRole('button', { name: isConfirm });
    const enterTwice = async () => {
      await button(other).focus();
      await other.keyboard.press('Enter');
      await other.keyboard.press('Enter');
    };
    await Promise.all([button(page).dblclick(), enterTwice(), button(third).click().then(() => third.reload())]);
    // Where the reload was faster than the click, the preview is still there, and is confirmed again.
    await third.waitForFunction(() => ['preview', 'running', 'summary'].includes(document.querySelector('regrant-reconnect').step));
    if (await read(third, 'step') === 'preview') await button(third).click();
    for (const it of [page, other, third]) {
      await it.bringToFront();
      // Calls with the same key wait for each other.
      await step(it, 'summary', 60_000);
      assert.equal(await title(it), 'Everything is reconnected');
    }
    assert.equal((await stage.reconnects()).length, count + 1);
    assert.equal(await page.evaluate(() => document.querySelector('regrant-reconnect').reconnect.id),
      await other.evaluate(() => document.querySelector('regrant-reconnect').reconnect.id));
    await other.reload();
    await step(other, 'summary');
    await page.context().close();
  },

  async 'a fact that changes after the preview asks for another look, marked, and nothing is written before'() {
    const count = (await stage.reconnects()).length;
    const page = await arrive();
    await stage.logIn(page, persons.right.id);
    await step(page, 'preview');
    // Another log-in of the same person serves one asset meanwhile, and another one is out of reach.
    const [first, second] = given.asset_ids;
    const fault = await host.sandbox('POST', 'faults', { match: { asset: second }, effect: { error: { code: 100, subcode: 33 } } });
    await host.call('POST', '/v1/reconnects', { access_token: await stage.token(persons.right.id), asset_ids: [first], wait_seconds: 30 });
    await press(page, isConfirm);
    await main(page).getByRole('alert').waitFor();
    await step(page, 'preview');
    assert.match(await main(page).getByRole('alert').innerText(), /Something changed/);
    assert.equal((await stage.reconnects()).length, count + 1, 'only the other one');
    const marked = main(page).locator('li').filter({ has: page.locator('mark') });
    assert.equal(await marked.count(), 1, 'what changed is marked');
    assert.ok((await marked.textContent()).includes(second));
    await stage.shoot(page, 'changed');
    await host.sandbox('DELETE', `faults/${fault.id}`);
    await press(page, isConfirm);
    await step(page, 'summary');
    await page.context().close();
  },

  async 'what is parked is no success, and takes over without a reload once its business has moved'() {
    const now = new Date((await host.sandbox('GET', 'world')).now).getTime();
    const businesses = (await host.sandbox('GET', 'world')).businesses.slice(0, 2).map((it) => it.id);
    const migrations = [];
    for (const business of businesses) {
      migrations.push(await host.sandbox('POST', 'migrations', {
        person: persons.right.id, new_person: persons.managed.id, business, cut_off: new Date(now + 30 * 86_400_000).toISOString(),
      }));
    }
    await host.sandbox('POST', `migrations/${migrations[0].id}/complete`, {});
    const assets = (await host.call('GET', '/v1/assets?limit=200')).data;
    const asset_ids = assets.filter((it) => businesses.includes(it.business_id)).map((it) => it.id);
    const page = await arrive('consent=token&status', { asset_ids });
    await stage.logIn(page, persons.managed.id);
    await step(page, 'preview');
    await stage.shoot(page, 'preview-parked');
    await press(page, isConfirm);
    await step(page, 'summary');
    assert.equal(await title(page), 'Some assets need something else');
    assert.equal(await read(page, 'verdict'), 'some_need_someone');
    const before = await groups(page);
    assert.ok(before['Follows by itself'] > 0 && before.Done > 0, JSON.stringify(before));
    assert.equal(sum(before), asset_ids.length);
    // The reason of all of them is said once.
    assert.match(await main(page).locator('.itself > .hint').innerText(), /it is parked/);
    assert.equal(await main(page).locator('.itself .why').count(), 0);
    await stage.shoot(page, 'summary-parked');
    const [download] = await Promise.all([page.waitForEvent('download'), press(page, 'Download the list')]);
    const lines = (await (await import('node:fs/promises')).readFile(await download.path(), 'utf8')).split('\r\n');
    assert.equal(lines.length, asset_ids.length + 1);
    await host.sandbox('POST', `migrations/${migrations[1].id}/complete`, {});
    await host.sandbox('POST', 'clock', { advance: '2h' });
    await main(page).getByText('Everything is reconnected').waitFor({ timeout: 60_000 });
    assert.deepEqual(Object.keys(await groups(page)), ['Done']);
    // The banner looks again when the network or the person comes back, and is quiet once all is well elsewhere.
    const banner = page.locator('regrant-status');
    assert.ok((await events(page, 'attention-change')).some((it) => it.total > 0));
    await page.evaluate(() => dispatchEvent(new Event('online')));
    await page.waitForFunction(() => document.querySelector('regrant-status').attention?.total === 0);
    assert.equal(await banner.locator('div').isVisible(), false);
    await page.context().close();
  },

  // The last one: the simulated Meta limits the app for minutes.
  async 'a throttled item waits and is not called failed; the others are done'() {
    const [first] = given.asset_ids;
    const page = await arrive('consent=token', { asset_ids: given.asset_ids.slice(0, 5) });
    await stage.logIn(page, persons.right.id);
    await step(page, 'preview');
    const { id } = await host.sandbox('POST', 'faults', { match: { asset: first }, effect: { throttle: { code: 32 } } });
    await press(page, isConfirm);
    await step(page, 'running');
    await main(page).getByText('Tried again later').waitFor();
    await stage.shoot(page, 'throttled');
    const text = await main(page).locator('li').filter({ hasText: 'Tried again later' }).innerText();
    assert.match(text, /Tried again on .+(GMT|UTC)/);
    await host.sandbox('DELETE', `faults/${id}`);
    const view = await host.call('GET', `/v1/reconnects/${(await read(page, 'reconnect')).id}`);
    assert.deepEqual(view.items.map((it) => it.outcome).sort(), ['deferred', ...Array(4).fill('replaced')]);
    await page.context().close();
  },
};

await story(parts);
await stage.stop();
