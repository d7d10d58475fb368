// The component in Chromium, as a person uses it: from the list to the summary, and back by undo.

import assert from 'node:assert/strict';

import { story } from '../browser.mjs';
import { Stage, events, groups, main, noViolation, press, read, step, title } from './stage.mjs';

const given = JSON.parse(process.argv[2]);
const { persons } = given;
const stage = await new Stage(given).start();
const { host } = stage;
const sum = (counts) => Object.values(counts).reduce((one, other) => one + other, 0);

const parts = {
  async 'a person sees what will change, confirms, sees the summary and undoes it'() {
    host.forget();
    const before = await stage.dump();
    const page = await stage.open();
    await step(page, 'choose');
    await stage.shoot(page, 'choose');
    await stage.logIn(page, persons.right.id);
    await step(page, 'preview');
    await stage.shoot(page, 'preview');
    assert.equal(sum(await groups(page)), given.asset_ids.length);
    await press(page, /^Reconnect \d+/);
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
};

await story(parts);
await stage.stop();
