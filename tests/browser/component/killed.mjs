// The server is killed in the midst of a reconnect that the component follows, and started again: by the test that runs
// this story, which is asked on the standard output and answers on the standard input.

import assert from 'node:assert/strict';
import { createInterface } from 'node:readline';

import { story } from '../browser.mjs';
import { Stage, groups, main, press, read, step } from './stage.mjs';

const stage = await new Stage(JSON.parse(process.argv[2])).start();
const { given, host } = stage;
const lines = createInterface({ input: process.stdin });

const parts = {
  async 'a killed server loses no row and doubles none'() {
    host.forget({});
    const page = await stage.open();
    await step(page, 'choose');
    await stage.logIn(page, given.persons.right.id);
    await step(page, 'preview');
    // Every probe takes a while, so that the server dies in the midst.
    const slow = await host.sandbox('POST', 'faults', { match: {}, effect: { latency_ms: 1500 } });
    await press(page, /^Reconnect \d+ assets$/);
    await step(page, 'running');
    const restarted = new Promise((resolve) => { lines.once('line', resolve); });
    console.log('KILL');
    await main(page).getByText('No connection.').waitFor();
    await restarted;
    await host.sandbox('DELETE', `faults/${slow.id}`);
    await step(page, 'summary', 90_000);
    const { id } = await read(page, 'reconnect');
    const view = await host.call('GET', `/v1/reconnects/${id}`);
    assert.deepEqual(await read(page, 'items'), view.items);
    assert.deepEqual(await groups(page), { Done: given.asset_ids.length });
    assert.equal((await stage.reconnects()).length, 1);
    await page.context().close();
  },
};

await story(parts);
lines.close();
await stage.stop();
