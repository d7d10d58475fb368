// The component in use: without a mouse, on narrow and wide screens, with large text, in dark and forced colours, for people
// who use assistive technology.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';

import { story } from '../browser.mjs';
import { Stage, main, noViolation, press, read, step, title, walk } from './stage.mjs';

const require = createRequire(path.join(process.env.REGRANT_BROWSER_HOME, 'package.json'));
const AXE = await readFile(require.resolve('axe-core/axe.min.js'), 'utf8');
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

const stage = await new Stage(JSON.parse(process.argv[2])).start();
const { given, host } = stage;
const { persons } = given;
await stage.connect(persons.right.id);

async function arrive(query = 'consent=token', options = {}, order = {}) {
  host.forget({ asset_ids: given.asset_ids.slice(0, 12), ...order });
  const page = await stage.open(query, options);
  await step(page, 'choose');
  return page;
}

// Every finding of axe on the page, by rule and element.
async function findings(page) {
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(AXE);
  const { violations } = await page.evaluate((values) => window.axe.run('regrant-reconnect', {
    runOnly: { type: 'tag', values }, resultTypes: ['violations'],
  }), RULES);
  return violations.flatMap((it) => it.nodes.map((node) => `${it.id}: ${node.target.join(' ')}: ${node.any[0]?.message ?? node.failureSummary}`));
}

// Slows every call of Meta while `run` runs.
async function slowly(latency_ms, run) {
  const { id } = await host.sandbox('POST', 'faults', { match: {}, effect: { latency_ms } });
  try {
    await run();
  } finally {
    await host.sandbox('DELETE', `faults/${id}`);
  }
}

const SCHEMES = {
  light: { colorScheme: 'light' },
  dark: { colorScheme: 'dark' },
  'forced colours': { forcedColors: 'active' },
  'more contrast': { contrast: 'more' },
};

const parts = {};

for (const [name, options] of Object.entries(SCHEMES)) {
  parts[`axe finds nothing at any step in ${name}`] = async () => {
    const page = await arrive('consent=token', options);
    const found = [];
    await walk(stage, page, async (at) => {
      found.push(...(await findings(page)).map((it) => `${at}: ${it}`));
      await stage.shoot(page, `${at}-${name.replace(' ', '-')}`);
    });
    assert.deepEqual(found, []);
    await noViolation(page);
    await page.context().close();
  };
}

parts['axe finds nothing while a log-in is checked, while a reconnect runs, and where the session has ended'] = async () => {
  const page = await arrive();
  const found = [];
  const look = async (at) => {
    for (const [name, options] of Object.entries(SCHEMES)) {
      await page.emulateMedia({ colorScheme: 'light', forcedColors: 'none', contrast: 'no-preference', ...options });
      found.push(...(await findings(page)).map((it) => `${at} ${name}: ${it}`));
    }
    assert.equal(await read(page, 'step'), at);
  };
  const access_token = await stage.token(persons.right.id);
  await slowly(6000, async () => {
    await page.evaluate((it) => { document.querySelector('regrant-reconnect').giveConsent(it); }, { access_token });
    await step(page, 'checking');
    await look('checking');
    await step(page, 'preview', 60_000);
    await main(page).locator('.main').click();
    await step(page, 'running');
    await look('running');
    await stage.shoot(page, 'running');
  });
  await step(page, 'summary', 60_000);
  await page.evaluate(() => { window.refuseSession = true; });
  await host.call('POST', `/v1/reconnect-sessions/${host.sessionId}/refresh`, { minutes: 15 });
  await press(page, 'Undo');
  await step(page, 'stopped');
  await look('stopped');
  assert.deepEqual(found, []);
  await page.context().close();
};

for (const width of [320, 360, 1440]) {
  parts[`nothing scrolls sideways and every target is large enough at ${width} px, with text twice as large too`] = async () => {
    const page = await arrive('consent=token', { viewport: { width, height: 800 } });
    await walk(stage, page, async (at) => {
      for (const size of ['100%', '200%']) {
        await page.evaluate((it) => { document.documentElement.style.fontSize = it; }, size);
        const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        assert.ok(over <= 0, `${at} ${size}: ${over} px`);
      }
      await page.evaluate(() => { document.documentElement.style.fontSize = ''; });
      // The target of a box is its label.
      const small = await main(page).evaluate((it) => [...it.shadowRoot.querySelectorAll('button, a, label')]
        .map((target) => [target.textContent, target.getBoundingClientRect()]).filter(([, box]) => box.width < 24 || box.height < 24));
      assert.deepEqual(small, [], at);
      await stage.shoot(page, `${at}-${width}`);
    });
    await page.context().close();
  };
}

Object.assign(parts, {
  async 'a person without a mouse goes from the list to the undo, and sees where the focus is'() {
    const page = await arrive();
    const focused = () => page.evaluate(() => {
      const inner = document.activeElement.shadowRoot?.activeElement;
      const style = inner && getComputedStyle(inner);
      return { text: inner?.textContent ?? '', outline: style ? parseFloat(style.outlineWidth) : 0 };
    });
    const tabTo = async (name) => {
      for (let turn = 0; turn < 12; turn += 1) {
        await page.keyboard.press('Tab');
        const { text, outline } = await focused();
        if (!name.test(text)) continue;
        assert.ok(outline >= 2, `${text} shows no focus`);
        return;
      }
      throw new Error(`${name} is not reached`);
    };
    await tabTo(/^Continue to Meta$/);
    await page.keyboard.press('Enter');
    await step(page, 'waiting');
    assert.match((await focused()).text, /Waiting/, 'the heading of the step has the focus');
    const login = { access_token: await stage.token(persons.right.id) };
    await page.evaluate((it) => document.querySelector('regrant-reconnect').giveConsent(it), login);
    await step(page, 'preview');
    assert.match((await focused()).text, /What will change/);
    await page.keyboard.press('Escape');
    await tabTo(/^Reconnect 12 assets$/);
    await page.keyboard.press('Enter');
    await step(page, 'summary');
    assert.match((await focused()).text, /Everything is reconnected/);
    await tabTo(/^Undo$/);
    await page.keyboard.press('Space');
    await page.waitForFunction(() => document.querySelector('regrant-reconnect').reconnect.undo_of);
    await step(page, 'summary');
    assert.equal(await title(page), 'The reconnect was undone');
    await page.context().close();
  },

  async 'the progress is announced at most once in five seconds'() {
    const page = await arrive('consent=token', {}, { asset_ids: given.asset_ids });
    await stage.logIn(page, persons.right.id);
    await step(page, 'preview');
    await page.evaluate(() => {
      const live = document.querySelector('regrant-reconnect').shadowRoot.querySelector('.live');
      window.announced = [];
      new MutationObserver(() => { if (live.textContent) window.announced.push(performance.now()); }).observe(live, { childList: true });
    });
    await slowly(3000, async () => {
      await main(page).locator('.main').click();
      await step(page, 'summary', 90_000);
    });
    const times = await page.evaluate(() => window.announced);
    assert.ok(times.length > 0, 'it is announced');
    const gaps = times.slice(1).map((it, at) => it - times[at]);
    // What is measured is when the observer hears of it, which beside other work is later for one than for the next.
    assert.ok(gaps.every((it) => it >= 4900), String(gaps));
    await page.context().close();
  },

  async 'nothing moves for people who want less motion'() {
    const page = await arrive('consent=token', { reducedMotion: 'reduce' });
    const moving = await main(page).locator('*').evaluateAll((all) => all.filter((it) => {
      const style = getComputedStyle(it);
      return parseFloat(style.transitionDuration) > 0 || parseFloat(style.animationDuration) > 0;
    }).map((it) => it.className));
    assert.deepEqual(moving, []);
    await page.context().close();
  },

  async 'the banner keeps the focus and is silent while nothing changes, and says whether it can read'() {
    const page = await arrive('consent=token&status');
    const banner = page.locator('regrant-status');
    await page.waitForFunction(() => document.querySelector('regrant-status').attention);
    let ill = 1;
    let answered = 0;
    await page.route('**/v1/reconnect-sessions/current?*', async (route) => {
      const headers = { 'access-control-allow-origin': '*' };
      if (ill === null) await route.fulfill({ status: 403, headers, json: { type: 'https://regrant.example/problems/forbidden' } });
      else {
        const answer = await route.fetch();
        const body = await answer.json();
        for (const it of body.assets.slice(0, ill)) it.state = 'disconnected';
        await route.fulfill({ response: answer, json: body });
      }
      answered += 1;
    });
    await page.evaluate(() => {
      window.heard = [];
      const element = document.querySelector('regrant-status');
      for (const name of ['ready', 'load-error', 'attention-change']) element.addEventListener(name, () => window.heard.push(name));
      new MutationObserver((all) => window.heard.push(...all.map((it) => it.type)))
        .observe(element.open(), { childList: true, subtree: true, characterData: true });
    });
    const heard = () => page.evaluate(() => window.heard.splice(0));
    const look = async () => {
      const before = answered;
      await page.evaluate(() => dispatchEvent(new Event('online')));
      while (answered === before) await page.waitForTimeout(50);
      await page.waitForTimeout(500);
    };
    const focused = () => banner.evaluate((it) => it.shadowRoot.activeElement?.localName ?? null);
    assert.deepEqual(await heard(), ['ready', 'attention-change'], 'what was before');
    await look();
    await banner.getByText('1 asset needs you').waitFor();
    assert.equal((await heard()).filter((it) => it === 'attention-change').length, 1);
    await banner.getByRole('button').focus();
    await look();
    assert.deepEqual([await heard(), await focused()], [[], 'button'], 'nothing changed');
    ill = 2;
    await look();
    await banner.getByText('2 assets need you').waitFor();
    assert.deepEqual([await focused(), await banner.getByRole('status').count()], ['button', 1]);
    await heard();
    ill = null;
    await look();
    assert.deepEqual(await heard(), ['load-error']);
    await look();
    assert.deepEqual(await heard(), [], 'once');
    ill = 2;
    await look();
    assert.deepEqual(await heard(), ['ready']);
    await page.evaluate(() => {
      const element = document.querySelector('regrant-status');
      element.start();
      setTimeout(() => element.start());
    });
    await banner.getByText('2 assets need you').waitFor();
    assert.ok(!(await heard()).includes('load-error'), 'a start that another one replaces is no error');
    ill = 0;
    await look();
    assert.equal(await banner.locator('div').isVisible(), false);
    await page.context().close();
  },

  async 'a session without any problem says that all is well, and when it was checked'() {
    const page = await arrive();
    await main(page).getByText(/^No asset needs a log-in\. Checked on /).waitFor();
    await page.context().close();
  },

});

await story(parts);
await stage.stop();
