// Follows the events of an object by `fetch`, because an `EventSource` cannot send a token.
//
// The rule: no event is lost and none counts twice: a stream that breaks is opened again behind the last event.

import { rest } from './client.js';
import { turns } from './html.js';

const FAILURES = 3;
// The server says something every ten seconds. A stream that is silent for longer is lost.
const SILENCE = 30_000;

// Calls `take(name, data)` for each event until one is named `last`. Returns false after three failures in a row.
export async function follow(client, path, last, take, signal) {
  let seen = 0;
  for (let failures = 0; failures < FAILURES;) {
    failures += 1;
    try {
      const headers = { accept: 'text/event-stream', ...(seen && { 'last-event-id': String(seen) }) };
      const answer = await client.send('GET', path, { headers, signal });
      if (answer.ok) {
        client.report(null);
        const turn = turns();
        for await (const { id, event, data } of events(answer.body)) {
          await turn();
          failures = 0;
          seen = id ?? seen;
          take(event, JSON.parse(data));
          if (event === last) return true;
        }
      }
    } catch (error) {
      if (signal.aborted || error.code) throw error;
      client.report('offline');
    }
    await rest(1000 * failures, signal);
  }
  return false;
}

async function* events(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  for (;;) {
    const timer = setTimeout(() => reader.cancel(), SILENCE);
    const { value, done } = await reader.read().finally(() => clearTimeout(timer));
    if (done) return;
    const parts = (text + value).split('\n\n');
    text = parts.pop();
    for (const part of parts) {
      const fields = part.split('\n').map((line) => line.split(/: (.*)/s, 2));
      const event = Object.fromEntries(fields);
      if (event.event) yield event;
    }
  }
}
