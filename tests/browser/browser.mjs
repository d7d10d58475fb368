// Chromium without scripts, and what every story needs of it.

import { createRequire } from 'node:module';
import path from 'node:path';

const require = createRequire(path.join(process.env.REGRANT_BROWSER_HOME, 'package.json'));
const { chromium } = require('playwright-core');

// The root of the repository.
export const REPOSITORY = new URL('../../', import.meta.url);

const executablePath = process.env.REGRANT_CHROMIUM ?? '/usr/bin/chromium';
const OPTIONS = { executablePath, args: ['--no-sandbox', '--disable-background-networking'] };

export async function launch() {
  return chromium.launch(OPTIONS);
}

// A browser whose process is known, so that it can be stopped and killed.
export async function launchProcess() {
  const server = await chromium.launchServer(OPTIONS);
  return { browser: await chromium.connect(server.wsEndpoint()), pid: server.process().pid, close: () => server.close() };
}

// A browser profile of its own: cookies of one are not those of another.
export async function open(browser, options = {}) {
  const context = await browser.newContext({ javaScriptEnabled: false, viewport: { width: 360, height: 760 }, ...options });
  const page = await context.newPage();
  const urls = [];
  page.on('request', (request) => urls.push(request.url()));
  return { context, page, urls };
}

export async function press(page, act) {
  await Promise.all([page.waitForLoadState('load'), page.locator(`button[value="${act}"]`).first().click()]);
}

export async function heading(page) {
  return (await page.locator('h1').innerText()).trim();
}

// Pages that wait load themselves again by `meta refresh`.
export async function settled(page, waiting) {
  for (let turn = 0; turn < 120; turn += 1) {
    if (!waiting.includes(await heading(page))) return;
    await page.waitForTimeout(500);
  }
  throw new Error(`still waiting: ${await heading(page)}`);
}

// Runs the parts of a story one after the other, and prints what failed. `REGRANT_ONLY` is a part of the names to run.
export async function story(parts) {
  let passed = 0;
  let failed = 0;
  for (const [name, run] of Object.entries(parts)) {
    if (!name.includes(process.env.REGRANT_ONLY ?? '')) continue;
    try {
      await run();
      passed += 1;
      console.log(`ok ${name}`);
    } catch (error) {
      failed += 1;
      console.log(`FAILED ${name}: ${error.stack}`);
    }
  }
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
}
