// A page of another origin follows a reconnect with the browser's own EventSource: stream.mjs 'JSON {origin, url}'.

import assert from 'node:assert/strict';
import http from 'node:http';

import { launch, open, story } from './browser.mjs';

const { origin, url } = JSON.parse(process.argv[2]);

const browser = await launch();
const { page } = await open(browser, { javaScriptEnabled: true });
const server = http.createServer((_request, response) => {
  response.setHeader('content-type', 'text/html');
  response.end('<h1>Page</h1>');
});
await new Promise((resolve) => { server.listen(new URL(origin).port, '127.0.0.1', resolve); });
await page.goto(`${origin}/`);

await story({
  'the ticket opens the stream, and the browser stops after its end': async () => {
    const seen = await page.evaluate((address) => new Promise((resolve) => {
      const source = new EventSource(address);
      const got = { opens: 0, items: 0, last: null, lastEventId: null };
      source.addEventListener('open', () => { got.opens += 1; });
      source.addEventListener('item', () => { got.items += 1; });
      source.addEventListener('reconnect', (event) => {
        got.last = JSON.parse(event.data).status;
        got.lastEventId = event.lastEventId;
      });
      source.addEventListener('error', () => {
        if (source.readyState === EventSource.CLOSED) resolve(got);
      });
      setTimeout(() => resolve({ ...got, timedOut: true }), 20000);
    }), url);
    assert.deepEqual(seen, { opens: 1, items: 13, last: 'completed', lastEventId: 'end' });
  },
});
await browser.close();
server.closeAllConnections();
server.close();
