// Reads a calendar with ical.js: calendar.mjs FILE 'JSON of [[uid, summary, day, alarms]]'.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const require = createRequire(path.join(process.env.REGRANT_NODE_HOME, 'package.json'));
const { default: ICAL } = await import(pathToFileURL(require.resolve('ical.js')));

const [file, expected] = process.argv.slice(2);
const calendar = new ICAL.Component(ICAL.parse(readFileSync(file, 'utf8')));
const found = calendar.getAllSubcomponents('vevent').map((it) => {
  const event = new ICAL.Event(it);
  return [event.uid, event.summary, event.startDate.toString(), it.getAllSubcomponents('valarm').length];
});
try {
  assert.deepEqual(found.sort(), JSON.parse(expected).sort());
  console.log('1 passed, 0 failed');
} catch (error) {
  console.log(`FAILED ${error.message}\n0 passed, 1 failed`);
  process.exitCode = 1;
}
