// A person chooses what to reconnect: single assets, a group, all, none; before the log-in, and after a look at the preview.

import assert from 'node:assert/strict';

import { story } from '../browser.mjs';
import { Stage, events, main, noViolation, press, read, step } from './stage.mjs';

const stage = await new Stage(JSON.parse(process.argv[2])).start();
const { given, host } = stage;
const { persons } = given;
await stage.connect(persons.right.id);
const assets = (await host.call('GET', '/v1/assets?limit=200')).data;
// Six assets of each of two businesses.
const businesses = [...new Set(assets.map((it) => it.business_id))]
  .map((id) => assets.filter((it) => it.business_id === id).map((it) => it.id))
  .filter((ids) => ids.length >= 6).slice(0, 2).map((ids) => ids.slice(0, 6));
const asset_ids = businesses.flat();
const sorted = (ids) => [...ids].sort();
const [first, second] = sorted(asset_ids);
const others = (...left) => sorted(asset_ids.filter((it) => !left.includes(it)));

async function arrive(query = 'consent=token') {
  host.forget({ asset_ids });
  const page = await stage.open(query);
  await step(page, 'choose');
  await main(page).locator('li').nth(asset_ids.length - 1).waitFor();
  return page;
}

const rowOf = (page, id) => main(page).locator('li').filter({ hasText: id });
const boxOf = (page, id) => rowOf(page, id).getByRole('checkbox');
const all = (page) => main(page).getByRole('checkbox', { name: 'All', exact: true });
const count = (page) => main(page).locator('h3 .count').first().innerText();
const chosen = async (page) => sorted(await read(page, 'chosen'));
const checked = (page) => main(page).locator('li').evaluateAll((rows) => rows.filter((it) => it.querySelector('input').checked).length);

async function toPreview(page) {
  await stage.logIn(page, persons.right.id);
  await step(page, 'preview');
}

// The assets of the newest reconnect, as the backend of the page reads them.
async function reconnected() {
  const [{ id }] = await stage.reconnects();
  return sorted((await host.call('GET', `/v1/reconnects/${id}`)).items.map((it) => it.asset_id));
}

const parts = {
  async 'single assets are left out, and only the chosen ones are previewed and reconnected'() {
    const page = await arrive();
    assert.equal(await count(page), '12 of 12 chosen');
    await boxOf(page, first).uncheck();
    await boxOf(page, second).uncheck();
    await boxOf(page, first).check();
    await boxOf(page, first).uncheck();
    assert.equal(await count(page), '10 of 12 chosen');
    assert.deepEqual(await chosen(page), others(first, second));
    await stage.shoot(page, 'chosen');
    await toPreview(page);
    const preview = await read(page, 'preview');
    assert.deepEqual(sorted(preview.items.map((it) => it.asset_id)), others(first, second));
    await main(page).getByText('10 of 12 chosen').waitFor();
    await press(page, 'Reconnect 10 assets');
    await step(page, 'summary');
    assert.deepEqual(await reconnected(), others(first, second));
    await noViolation(page);
    await page.context().close();
  },

  async 'one box chooses all or none, one a group, and both show when only some are chosen'() {
    const page = await arrive();
    const group = main(page).locator('h4').first().getByRole('checkbox');
    const state = (box) => box.evaluate((it) => (it.indeterminate ? 'some' : it.checked ? 'all' : 'none'));
    assert.deepEqual([await state(all(page)), await state(group)], ['all', 'all']);
    await main(page).locator('h4 + ul').first().locator('input').first().uncheck();
    assert.deepEqual([await state(all(page)), await state(group)], ['some', 'some']);
    await group.click();
    assert.deepEqual([await state(all(page)), await state(group), await count(page)], ['all', 'all', '12 of 12 chosen']);
    await group.click();
    assert.deepEqual([await state(all(page)), await state(group), await count(page)], ['some', 'none', '6 of 12 chosen']);
    const left = others(...await chosen(page));
    assert.ok(businesses.some((ids) => String(sorted(ids)) === String(left)), 'exactly one business');
    await all(page).click();
    assert.equal(await checked(page), 12);
    await all(page).click();
    assert.deepEqual([await checked(page), await count(page)], [0, '0 of 12 chosen']);
    // Nothing is chosen, so there is nothing to log in for.
    await main(page).locator('[data-act=log_in]').click({ force: true });
    assert.equal(await read(page, 'step'), 'choose');
    assert.deepEqual(await events(page, 'consent-needed'), []);
    await page.context().close();
  },

  async 'a choice outlives a redraw, a refresh, a new token, other texts, another language and a move of the element'() {
    const page = await arrive();
    await boxOf(page, first).uncheck();
    const holds = async (why) => {
      await step(page, 'choose');
      await main(page).locator('li').nth(11).waitFor();
      assert.deepEqual(await chosen(page), others(first), why);
      assert.equal(await checked(page), 11, why);
    };
    await page.evaluate(() => document.querySelector('regrant-reconnect').refresh());
    await holds('refresh');
    await host.call('POST', `/v1/reconnect-sessions/${host.sessionId}/refresh`, { minutes: 15 });
    const before = host.asked;
    await page.evaluate(() => document.querySelector('regrant-reconnect').refresh());
    assert.equal(host.asked, before + 1, 'the page gave a new token');
    await holds('a new token');
    await page.evaluate(() => { document.querySelector('regrant-reconnect').texts = { choose: 'Our title' }; });
    await main(page).getByRole('heading', { name: 'Our title' }).waitFor();
    await holds('texts');
    await page.evaluate(() => { document.querySelector('regrant-reconnect').lang = 'de'; });
    await main(page).getByText('11 von 12 ausgewählt').waitFor();
    await holds('language');
    await page.evaluate(() => { document.body.append(document.querySelector('regrant-reconnect')); });
    await main(page).getByText('11 von 12 ausgewählt').waitFor();
    await holds('move');
    await page.context().close();
  },

  async 'an asset that changes is shown in its row; the boxes, the focus and the place in the list stay'() {
    const page = await arrive();
    await boxOf(page, first).uncheck();
    const list = main(page).locator('.rows');
    await list.evaluate((it) => { it.scrollTop = 120; });
    await boxOf(page, first).evaluate((it) => it.focus({ preventScroll: true }));
    const before = await list.evaluate((it) => it.scrollTop);
    // The next answer of the API says that one asset is disconnected.
    await page.route('**/v1/reconnect-sessions/current?*', async (route) => {
      const answer = await route.fetch();
      const body = await answer.json();
      for (const it of body.assets) if (it.id === first) it.state = 'disconnected';
      await route.fulfill({ response: answer, json: body });
    });
    await page.evaluate(() => document.querySelector('regrant-reconnect').refresh());
    await rowOf(page, first).getByText('Disconnected').waitFor();
    await main(page).getByText('1 asset needs a new log-in.').waitFor();
    assert.equal(await boxOf(page, first).isChecked(), false);
    assert.equal(await list.evaluate((it) => it.scrollTop), before);
    const focused = await page.evaluate(() => document.activeElement.shadowRoot.activeElement.closest('li')?.textContent ?? '');
    assert.ok(focused.includes(first), focused);
    await page.context().close();
  },

  async 'a reload of the preview shows the same preview with its choice, and confirms it alone'() {
    const page = await arrive();
    await boxOf(page, first).uncheck();
    await toPreview(page);
    const { id } = await read(page, 'preview');
    await page.reload();
    await step(page, 'preview');
    assert.equal((await read(page, 'preview')).id, id, 'the same preview: Meta is not asked again');
    assert.deepEqual(await chosen(page), others(first));
    await press(page, 'Reconnect 11 assets');
    await step(page, 'summary');
    assert.deepEqual(await reconnected(), others(first));
    await page.context().close();
  },

  async 'after a look at the preview a person chooses otherwise, with the same log-in'() {
    const page = await arrive();
    const logins = [];
    page.on('request', (it) => { if (it.method() === 'POST' && it.url().endsWith('/consent')) logins.push(it.url()); });
    await boxOf(page, first).uncheck();
    await toPreview(page);
    await press(page, 'Change the choice');
    await step(page, 'choose');
    await main(page).locator('li').nth(11).waitFor();
    assert.equal(await checked(page), 11);
    await boxOf(page, first).check();
    await boxOf(page, second).uncheck();
    await press(page, 'Check again');
    await step(page, 'preview');
    await press(page, 'Reconnect 11 assets');
    await step(page, 'summary');
    assert.deepEqual(await reconnected(), others(second));
    assert.equal(logins.length, 1);
    // What was left out before is the next reconnect.
    await press(page, 'Change the choice');
    await step(page, 'choose');
    await main(page).locator('li').nth(11).waitFor();
    await all(page).click();
    await all(page).click();
    await boxOf(page, second).check();
    await toPreview(page);
    await press(page, 'Reconnect 1 asset');
    await step(page, 'summary');
    assert.deepEqual(await reconnected(), [second]);
    await page.context().close();
  },

  async 'without a mouse the list is one stop of the tabulator, and the arrow keys move in it'() {
    const page = await arrive();
    const focused = () => page.evaluate(() => {
      const it = document.activeElement.shadowRoot?.activeElement;
      return it && { tag: it.localName, text: it.closest('li, h4, label, div')?.textContent ?? '', ring: parseFloat(getComputedStyle(it).outlineWidth) };
    });
    await all(page).focus();
    await page.keyboard.press('Tab');
    assert.equal((await focused()).tag, 'div', 'the list itself');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    const { text, ring } = await focused();
    assert.ok(ring >= 2, 'the box shows the focus');
    const id = asset_ids.find((it) => text.includes(it));
    assert.ok(id, text);
    await page.keyboard.press('Space');
    assert.deepEqual(await chosen(page), others(id));
    await page.keyboard.press('End');
    await page.keyboard.press('Space');
    assert.equal(await count(page), '10 of 12 chosen');
    await page.keyboard.press('Home');
    assert.equal(await page.evaluate(() => document.activeElement.shadowRoot.activeElement.closest('h4, li').localName), 'h4', 'the first box is that of a group');
    await page.keyboard.press('Tab');
    // Behind the list is the end of the page: the browser itself, or the first button again.
    assert.notEqual((await focused())?.tag, 'input');
    await page.context().close();
  },

  async 'a page that runs the log-in itself hears which assets are chosen, and the copied list has these alone'() {
    const page = await arrive('consent=code');
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await boxOf(page, first).uncheck();
    await press(page, 'Copy the list');
    await main(page).getByText('Copied').waitFor();
    const lines = (await page.evaluate(() => navigator.clipboard.readText())).split('\n');
    assert.equal(lines.length, 11);
    assert.ok(!lines.some((it) => it.endsWith(`\t${first}`)));
    await press(page, 'Continue to Meta');
    const [asked] = await events(page, 'consent-needed');
    assert.deepEqual(sorted(asked.assetIds), others(first));
    await page.context().close();
  },

  async 'with the hosted log-in the window confirms nothing, and only the chosen assets are reconnected'() {
    host.forget({ asset_ids });
    await host.makeLink();
    const page = await stage.open('consent=hosted');
    await step(page, 'choose');
    await boxOf(page, first).uncheck();
    // The page is slow, so that the window shows its end.
    let release;
    const held = new Promise((resolve) => { release = resolve; });
    await page.route('**/session?*', async (route) => { await held; await route.continue(); });
    const [window_] = await Promise.all([page.waitForEvent('popup'), press(page, 'Continue to Meta')]);
    await window_.locator('button[value="log_in"]').click();
    await window_.getByRole('link', { name: persons.right.name, exact: true }).click();
    await window_.locator('button.main').click();
    await window_.getByRole('heading', { name: 'You are logged in' }).waitFor();
    await stage.shoot(window_, 'window-end');
    assert.equal(await window_.locator('button').count(), 0, 'nothing to confirm');
    await window_.reload();
    assert.equal(await window_.locator('button').count(), 0);
    const count_ = (await stage.reconnects()).length;
    release();
    await step(page, 'preview');
    await press(page, 'Reconnect 11 assets');
    await step(page, 'summary');
    assert.equal((await stage.reconnects()).length, count_ + 1);
    assert.deepEqual(await reconnected(), others(first));
    await page.context().close();
  },

  async 'a page of one asset has nothing to choose'() {
    host.forget({ asset_ids: [first] });
    const page = await stage.open();
    await step(page, 'choose');
    await rowOf(page, first).waitFor();
    assert.equal(await main(page).getByRole('checkbox').count(), 0);
    await toPreview(page);
    await main(page).getByRole('button', { name: 'Reconnect 1 asset', exact: true }).waitFor();
    assert.equal(await main(page).getByRole('button', { name: 'Change the choice' }).count(), 0);
    await page.context().close();
  },
};

await story(parts);
await stage.stop();
