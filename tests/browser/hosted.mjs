// The hosted pages, as a person sees them: in Chromium, without a script.
//
// The argument is JSON: `links` with the addresses by name, `persons` with the names at Meta and the id of the right one, `shots` a folder or null.

import assert from 'node:assert/strict';
import path from 'node:path';

import { heading, launch, open, press, settled, story } from './browser.mjs';

const given = JSON.parse(process.argv[2]);
const { links, persons } = given;
const WAITING = ['Checking what this log-in covers', 'Reconnecting', 'Die Anmeldung wird geprüft', 'Wird neu verbunden'];
const browser = await launch();
const seen = [];

async function shoot(page, name) {
  if (given.shots) await page.screenshot({ path: path.join(given.shots, `${name}.png`), fullPage: true });
}

async function keep(page) {
  seen.push(await page.content());
}

// At Meta: who is logged in, then what `choose` does on the picker.
async function atMeta(page, person, choose) {
  await page.getByRole('link', { name: person, exact: true }).click();
  const other = page.getByRole('link', { name: 'Choose other assets or permissions' });
  if (choose && (await other.count()) > 0) await other.click();
  if (choose) await choose(page);
  await page.locator('button.main').click();
  await page.waitForLoadState('load');
}

async function toMeta(page, link) {
  await page.goto(link);
  await keep(page);
  await press(page, 'log_in');
  assert.equal(new URL(page.url()).pathname, '/v26.0/dialog/oauth');
}

async function consent(page, link, choose) {
  await toMeta(page, link);
  await shoot(page, 'dialog');
  await atMeta(page, persons.right, choose);
  assert.equal(new URL(page.url()).search, '', 'the query is left at once');
  await settled(page, WAITING);
  await keep(page);
}

const parts = {
  async 'the whole flow'() {
    const { context, page, urls } = await open(browser);
    await page.goto(links.whole);
    await shoot(page, 'intro-360');
    assert.equal(await heading(page), 'Reconnect your assets');
    const text = await page.locator('main').innerText();
    for (const said of [given.tenant, persons.right, 'works until', given.business]) assert.ok(text.includes(said), said);
    await consent(page, links.whole);
    assert.equal(await heading(page), 'What will change');
    await shoot(page, 'preview-360');
    await page.reload();
    assert.equal(await heading(page), 'What will change', 'a reload shows the same step');
    await press(page, 'confirm');
    await settled(page, WAITING);
    await shoot(page, 'summary-360');
    assert.equal(await heading(page), 'Everything is reconnected');
    await page.goto(links.whole);
    assert.equal(await heading(page), 'Everything is reconnected', 'the link leads to the step');
    await press(page, 'undo');
    await settled(page, WAITING);
    assert.equal(await heading(page), 'The reconnect was undone');
    await shoot(page, 'undone-360');
    await keep(page);
    const codes = urls.filter((url) => url.includes('code='));
    assert.equal(codes.length, 1, `${codes.length} addresses with a code`);
    assert.equal(new URL(codes[0]).pathname, '/connect/callback');
    await context.close();
    const other = await open(browser);
    await other.page.goto(links.whole);
    assert.equal(await heading(other.page), 'This link was used');
    assert.match(await other.page.locator('main').innerText(), /It was used by .+ at /);
    await shoot(other.page, 'used-360');
    await other.context.close();
  },

  async 'a wrong person is refused by name, and the link still works'() {
    const { context, page } = await open(browser);
    await toMeta(page, links.wrong);
    await atMeta(page, persons.wrong);
    const notice = await page.getByRole('alert').innerText();
    for (const name of [persons.wrong, persons.right]) assert.ok(notice.includes(name), notice);
    await shoot(page, 'wrong-person-360');
    await press(page, 'log_in');
    await atMeta(page, persons.right);
    await settled(page, WAITING);
    assert.equal(await heading(page), 'What will change');
    await context.close();
  },

  async 'what was not ticked is named, and choosing again covers it'() {
    const { context, page } = await open(browser);
    await consent(page, links.unticked, async (picker) => {
      for (const id of given.unticked) await picker.locator(`input[value="${id}"]`).uncheck();
    });
    const missed = page.locator('section', { hasText: 'Not covered by this log-in' });
    const text = await missed.innerText();
    for (const id of given.unticked) assert.ok(text.includes(id), id);
    assert.equal(await missed.locator('li').count(), given.unticked.length);
    await shoot(page, 'unticked-360');
    await press(page, 'choose_again');
    assert.ok(page.url().includes('auth_type=rerequest'));
    await atMeta(page, persons.right, async (picker) => {
      for (const id of given.unticked) await picker.locator(`input[value="${id}"]`).check();
    });
    await settled(page, WAITING);
    assert.equal(await page.locator('section', { hasText: 'Not covered by this log-in' }).count(), 0);
    await context.close();
  },

  async 'a person who cancels at Meta can log in again'() {
    const { context, page } = await open(browser);
    await toMeta(page, links.cancelled);
    await page.locator('button[value="cancel"]').click();
    await page.waitForLoadState('load');
    assert.ok((await page.getByRole('alert').innerText()).startsWith('You cancelled at Meta.'));
    await press(page, 'log_in');
    assert.equal(new URL(page.url()).pathname, '/v26.0/dialog/oauth');
    await context.close();
  },

  async 'the return opened in another browser is refused'() {
    const [mine, theirs] = [await open(browser), await open(browser)];
    await toMeta(mine.page, links.stolen);
    const dialog = new URL(mine.page.url());
    dialog.searchParams.set('person', persons.right_id);
    dialog.searchParams.set('act', 'continue');
    const answered = await mine.context.request.get(dialog.href, { maxRedirects: 0 });
    const callback = answered.headers().location;
    await theirs.page.goto(links.stolen);
    const answer = await theirs.page.goto(callback);
    assert.equal(answer.status(), 403);
    assert.equal(await heading(theirs.page), 'This log-in cannot continue here');
    await shoot(theirs.page, 'state-360');
    await mine.page.goto(callback);
    await settled(mine.page, WAITING);
    assert.equal(await heading(mine.page), 'What will change', 'the browser that began still can');
    await Promise.all([mine.context.close(), theirs.context.close()]);
  },

  async 'two tabs of one browser end at the same step'() {
    const { context, page } = await open(browser);
    const other = await context.newPage();
    await toMeta(page, links.tabs);
    await toMeta(other, links.tabs);
    await atMeta(page, persons.right);
    await atMeta(other, persons.right);
    for (const tab of [page, other]) {
      await settled(tab, WAITING);
      await tab.reload();
      await settled(tab, WAITING);
      assert.equal(await heading(tab), 'What will change');
    }
    await Promise.all([press(page, 'confirm'), press(other, 'confirm')]);
    for (const tab of [page, other]) {
      await settled(tab, WAITING);
      assert.equal(await heading(tab), 'Everything is reconnected');
    }
    await context.close();
  },

  async 'the pages are German for a German link, and fit a narrow and a dark screen'() {
    const { context, page } = await open(browser, { viewport: { width: 320, height: 700 }, colorScheme: 'dark' });
    await page.goto(links.german);
    assert.equal(await heading(page), 'Verbindungen erneuern');
    assert.equal(await page.locator('html').getAttribute('lang'), 'de');
    const box = await page.locator('main').boundingBox();
    assert.ok(box.width <= 320, `${box.width}`);
    await shoot(page, 'intro-320-dark-de');
    await consent(page, links.german);
    await shoot(page, 'preview-320-dark-de');
    await press(page, 'confirm');
    await settled(page, WAITING);
    await shoot(page, 'summary-320-dark-de');
    assert.equal(await heading(page), 'Alles ist neu verbunden');
    await context.close();
  },

  async 'a declined permission is named'() {
    const { context, page } = await open(browser);
    await consent(page, links.declined, async (picker) => {
      await picker.locator('input[value="ads_management"]').uncheck();
      await picker.locator('input[value="ads_read"]').uncheck();
    });
    assert.ok((await page.locator('main').innerText()).includes('ads_management'));
    await context.close();
  },

  async 'no page shows a token or a code'() {
    for (const html of seen) assert.doesNotMatch(html, /EAAS[USP][0-9a-f]{16}|[?&]code=/);
  },
};

await story(parts);
await browser.close();
