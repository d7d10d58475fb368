// Follows streams of events with the package `eventsource`: stream.mjs 'JSON {url, ticket_url, bearer, last}'.
//
// `url` needs the bearer, `ticket_url` does not; `last` is the name of the last event.

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const require = createRequire(path.join(process.env.REGRANT_NODE_HOME, 'package.json'));
const { EventSource } = await import(pathToFileURL(require.resolve('eventsource')));
const { url, ticket_url: ticketUrl, bearer, last } = JSON.parse(process.argv[2]);

// Follows a stream without ever closing it; returns what happened until it was quiet for six seconds.
async function follow(address, headers = {}) {
  const seen = { opens: 0, statuses: [], ids: [], lastEventIds: [] };
  const source = new EventSource(address, {
    fetch: async (input, init) => {
      const sent = { ...init.headers, ...headers };
      seen.lastEventIds.push(new Headers(sent).get('last-event-id'));
      const answer = await fetch(input, { ...init, headers: sent });
      seen.statuses.push(answer.status);
      return answer;
    },
  });
  source.addEventListener('open', () => { seen.opens += 1; });
  for (const name of ['item', 'asset', last]) {
    source.addEventListener(name, (event) => seen.ids.push(event.lastEventId));
  }
  await new Promise((resolve) => {
    source.addEventListener('error', () => {
      if (source.readyState === EventSource.CLOSED) resolve();
    });
    setTimeout(resolve, 20_000);
  });
  seen.closed = source.readyState === EventSource.CLOSED;
  source.close();
  return seen;
}

const parts = {
  'a client with a header comes back once after the end, gets 204 and stops': async () => {
    const seen = await follow(url, { Authorization: `Bearer ${bearer}` });
    assert.deepEqual(seen.statuses, [200, 204]);
    assert.deepEqual(seen.lastEventIds, [null, 'end']);
    assert.equal(seen.opens, 1);
    assert.equal(seen.ids.at(-1), 'end');
    assert.ok(seen.closed);
  },
  'a ticket opens the stream once, and the client stops': async () => {
    const seen = await follow(ticketUrl);
    assert.deepEqual(seen.statuses, [200, 401]);
    assert.equal(seen.ids.at(-1), 'end');
    assert.ok(seen.closed);
  },
};

let passed = 0;
let failed = 0;
for (const [name, run] of Object.entries(parts)) {
  try {
    await run();
    passed += 1;
  } catch (error) {
    failed += 1;
    console.log(`FAILED ${name}: ${error.stack}`);
  }
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
