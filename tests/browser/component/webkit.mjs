// The core flow in WebKit, by WebKitGTK's WebDriver.
//
// Not here: axe and forced colours, which Chromium and Firefox check (WebKitGTK has no forced colours), requests and HAR
// (its driver shows none), and heap snapshots (the protocol has none).

import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';

import { story } from '../browser.mjs';
import { coreFlow, reloadInGerman } from './core.mjs';
import { freePort } from './rehearsal.mjs';
import { Stage } from './stage.mjs';

const stage = await new Stage(JSON.parse(process.argv[2])).start({ hasBrowser: false });
await stage.connect(stage.given.persons.right.id);

// WebKitGTK draws to a display; Xvfb is one without a screen.
const port = await freePort();
const driver = spawn('xvfb-run', ['-a', process.env.REGRANT_WEBKIT_DRIVER ?? '/usr/bin/WebKitWebDriver', `--port=${port}`], {
  stdio: 'ignore',
  detached: true,
  // A sandbox of processes needs rights that a container does not give.
  env: { ...process.env, WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: '1', LANG: 'C.UTF-8' },
});

async function command(method, path, body) {
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, { method, body: body && JSON.stringify(body) });
  const { value } = await answer.json();
  if (!answer.ok) throw new Error(`${path}: ${value.error}: ${value.message}`);
  return value;
}

async function newSession() {
  const capabilities = {
    alwaysMatch: { browserName: 'MiniBrowser', 'webkitgtk:browserOptions': { binary: process.env.REGRANT_WEBKIT ?? await miniBrowser(), args: ['--automation'] } },
  };
  for (let turn = 0; ; turn += 1) {
    try {
      return await command('POST', '/session', { capabilities });
    } catch (error) {
      if (turn === 20) throw error;
      await pause(500);
    }
  }
}

// Debian keeps it where no PATH leads.
async function miniBrowser() {
  for (const folder of await readdir('/usr/lib')) {
    for (const kind of ['webkit2gtk-4.1', 'webkit2gtk-4.0', 'webkitgtk-6.0']) {
      const found = `/usr/lib/${folder}/${kind}/MiniBrowser`;
      if (existsSync(found)) return found;
    }
  }
  throw new Error('MiniBrowser is missing: apt-get install webkit2gtk-driver');
}

const session = (await newSession()).sessionId;
const engine = {
  open: (url) => command('POST', `/session/${session}/url`, { url }),
  evaluate: (run, ...given) => command('POST', `/session/${session}/execute/sync`, { script: `return (${run})(...arguments)`, args: given }),
};

const parts = {
  'the whole flow, under a strict policy, with one reconnect for two presses': () => coreFlow(engine, stage),
  'a German page, and its reload': () => reloadInGerman(engine, stage),
};

await story(parts);
await command('DELETE', `/session/${session}`).catch(() => {});
process.kill(-driver.pid, 'SIGTERM');
await stage.stop();
