// The component in the languages of people: German, plurals and dates, longer texts, and right to left.

import assert from 'node:assert/strict';

import { story } from '../browser.mjs';
import { Stage, main, step, walk } from './stage.mjs';

const { LANGUAGES, TEXTS } = await import('../../../web/src/texts.js');
const { Words } = await import('../../../web/src/words.js');

const stage = await new Stage(JSON.parse(process.argv[2])).start();
const { given, host } = stage;
await stage.connect(given.persons.right.id);

async function arrive(query = 'consent=token', options = {}) {
  host.forget({ asset_ids: given.asset_ids.slice(0, 12) });
  const page = await stage.open(query, options);
  await step(page, 'choose');
  return page;
}

// Every text, changed; each plural of any language is there.
function changed(change) {
  const forms = (text) => Object.fromEntries(['zero', 'one', 'two', 'few', 'many', 'other'].map((it) => [it, change(text.other)]));
  return Object.fromEntries(Object.entries(TEXTS).map(([code, [text]]) => [code, typeof text === 'string' ? change(text) : forms(text)]));
}

const useTexts = (page, texts) => page.evaluate((it) => { document.querySelector('regrant-reconnect').texts = it; }, texts);

async function fits(page, at) {
  const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.ok(over <= 0, `${at}: ${over} px`);
  // Nothing inside is cut off either.
  const cut = await main(page).evaluate((it) => [...it.shadowRoot.querySelectorAll('button, h2, h3, p, label, .state')]
    .filter((one) => one.scrollWidth > one.clientWidth + 1 && one.clientWidth > 0).map((one) => one.textContent));
  assert.deepEqual(cut, [], at);
}

const textsOf = (at) => Object.values(TEXTS).map((it) => it[at]).flatMap((it) => (typeof it === 'string' ? [it] : Object.values(it)));

const parts = {
  async 'no English is left on a German page'() {
    const page = await arrive('consent=token&lang=de&status');
    const [english, german] = LANGUAGES.map((_, at) => new Set(textsOf(at)));
    await walk(stage, page, async (at) => {
      const texts = await main(page).locator('h2, h3, h4, p, button, label, .state, .count, .meta').allInnerTexts();
      const left = texts.filter((it) => english.has(it) && !german.has(it));
      assert.deepEqual(left, [], at);
      assert.ok(!/\b(the|token of|Nothing|again|chosen|Page)\b/.test(texts.join(' ').replaceAll(/Page \d+/g, '')), texts.join(' '));
      await stage.shoot(page, `${at}-de`);
    });
    await page.context().close();
  },

  async 'numbers, plurals and dates follow the language and the time zone of the viewer'() {
    const [en, de] = [new Words('en-GB'), new Words('de-DE')];
    for (const [n, english, german] of [[0, '0 assets need', '0 Objekte brauchen'], [1, '1 asset needs', '1 Objekt braucht'],
      [2, '2 assets need', '2 Objekte brauchen'], [5000, '5,000 assets need', '5.000 Objekte brauchen']]) {
      assert.ok(en.text('need', { n }).startsWith(english), en.text('need', { n }));
      assert.ok(de.text('need', { n }).startsWith(german), de.text('need', { n }));
    }
    const page = await arrive();
    await main(page).getByText(/GMT\+5:45/).first().waitFor();
    await page.context().close();
  },

  async 'a text in English on a page in another language has the plurals of English and says that it is English'() {
    const french = new Words('fr-FR', { status_total: { one: '{n} objet', other: '{n} objets' } });
    assert.equal(french.text('need', { n: 0 }), '0 assets need a new log-in.');
    assert.equal(french.text('status_total', { n: 0 }), '0 objet', 'the texts of the page have those of its language');
    for (const [lang, said] of [['fr', 'en'], ['de', 'de'], ['en', 'en']]) {
      const page = await arrive(`consent=token&lang=${lang}`);
      assert.equal(await main(page).locator('h2').evaluate((it) => it.closest('[lang]')?.lang ?? document.documentElement.lang), said);
      await page.context().close();
    }
    const page = await arrive('consent=token&lang=fr');
    await useTexts(page, changed((text) => `fr ${text}`));
    await main(page).getByText(/^fr /).first().waitFor();
    assert.equal(await main(page).locator('h2').evaluate((it) => it.closest('[lang]')?.lang ?? ''), '', 'the texts are those of the page');
    await page.context().close();
  },

  async 'every text exists in each language, with the same names'() {
    const names = (text) => [...new Set([...JSON.stringify(text).matchAll(/\{(\w+)\}/g)].map(([, name]) => name))].sort();
    for (const [code, texts] of Object.entries(TEXTS)) {
      assert.equal(texts.length, LANGUAGES.length, code);
      for (const text of texts) {
        assert.ok(text, code);
        assert.deepEqual(names(text), names(texts[0]), code);
        assert.equal(typeof text, typeof texts[0], code);
      }
    }
  },

  async 'texts that are 40 per cent longer fit at every step, also at 320 px'() {
    for (const width of [320, 900]) {
      const page = await arrive('consent=token', { viewport: { width, height: 800 } });
      await useTexts(page, changed((text) => `${text} ${'ō'.repeat(Math.ceil(text.length * 0.4))}`));
      await main(page).getByText(/ōōō/).first().waitFor();
      await walk(stage, page, async (at) => {
        await fits(page, `${at} ${width}`);
        await stage.shoot(page, `${at}-longer-${width}`);
      });
      await page.context().close();
    }
  },

  async 'a page from right to left is mirrored at every step'() {
    for (const width of [320, 900]) {
      const page = await arrive('consent=token&lang=ar&dir=rtl', { viewport: { width, height: 800 } });
      await useTexts(page, changed((text) => text.replace(/[^{}]+(?![^{]*\})/g, (it) => 'نص '.repeat(Math.ceil(it.length / 4)))));
      await main(page).getByText(/نص/).first().waitFor();
      await walk(stage, page, async (at) => {
        await fits(page, `${at} ${width}`);
        await stage.shoot(page, `${at}-rtl-${width}`);
        const sides = await main(page).evaluate((it) => {
          const box = (what) => it.shadowRoot.querySelector(what)?.getBoundingClientRect();
          return { title: getComputedStyle(it.shadowRoot.querySelector('h2')).direction, tick: box('li input'), name: box('li span'), state: box('li .state') };
        });
        assert.equal(sides.title, 'rtl');
        if (sides.tick) assert.ok(sides.tick.left > sides.name.left, `${at}: the box is to the right of its name`);
        if (sides.state && width > 600) assert.ok(sides.state.left < sides.name.left, `${at}: the state is to the left of the name`);
      });
      await page.context().close();
    }
  },

  async 'no side of the style is a left or a right one'() {
    const { readFile } = await import('node:fs/promises');
    const style = await readFile(new URL('../../../web/src/style.js', import.meta.url), 'utf8');
    assert.doesNotMatch(style, /(margin|padding|border|inset)-(left|right)|text-align: (left|right)|[^_-](left|right):/);
  },

  async 'texts can be replaced by code'() {
    const page = await arrive();
    await useTexts(page, { choose: 'Our own title' });
    await main(page).getByRole('heading', { name: 'Our own title' }).waitFor();
    await page.context().close();
  },
};

await story(parts);
await stage.stop();
