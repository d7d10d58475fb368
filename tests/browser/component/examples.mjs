// The examples of web/examples, built as their users would build them, in a browser.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';

import { REPOSITORY, story } from '../browser.mjs';
import { freePort } from './rehearsal.mjs';
import { Stage, groups, press, step } from './stage.mjs';

const run = promisify(execFile);
const home = process.env.REGRANT_BROWSER_HOME;
const require = createRequire(path.join(home, 'package.json'));
const { build } = require('esbuild');

const stage = await new Stage(JSON.parse(process.argv[2])).start();
const { given, host } = stage;
await stage.connect(given.persons.right.id);

// A project with the package installed, beside what the browser tests have.
const project = await mkdtemp(path.join(home, 'examples-'));
await mkdir(path.join(project, 'node_modules/@regrant'), { recursive: true });
await symlink(fileURLToPath(new URL('web', REPOSITORY)), path.join(project, 'node_modules/@regrant/web'));
await cp(fileURLToPath(new URL('web/examples', REPOSITORY)), path.join(project, 'examples'), { recursive: true });

const bundle = async (entry, outfile, more) => {
  await build({
    entryPoints: [path.join(project, 'examples', entry)], outfile: path.join(project, outfile), bundle: true, format: 'esm', jsx: 'automatic',
    preserveSymlinks: true, nodePaths: [path.join(project, 'node_modules'), path.join(home, 'node_modules')], logLevel: 'error',
    define: { 'process.env.NODE_ENV': '"production"', __VUE_OPTIONS_API__: 'true', __VUE_PROD_DEVTOOLS__: 'false', __VUE_PROD_HYDRATION_MISMATCH_DETAILS__: 'true' },
    ...more,
  });
  return path.join(project, outfile);
};

// Serves one page with its script; the backend of the page is that of the other stories.
async function serve(files) {
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url, 'http://localhost');
    if (pathname === '/session') return response.end(JSON.stringify(await host.session()));
    if (pathname === '/settings') return response.end(JSON.stringify({ api: given.api }));
    const file = files[pathname];
    if (file === undefined) return response.writeHead(204).end();
    const type = pathname === '/' ? 'text/html' : 'text/javascript';
    return response.writeHead(200, { 'content-type': type }).end(file);
  });
  // The origin of the stories' page is the one that is listed for the tenant.
  host.stop();
  await new Promise((resolve) => { server.listen(given.host_port, 'localhost', resolve); });
  return server;
}

async function through(files, look) {
  host.forget({ asset_ids: given.asset_ids.slice(0, 12) });
  const server = await serve(files);
  const page = await stage.browser.newPage();
  page.setDefaultTimeout(15_000);
  const faults = [];
  const close = async () => {
    await page.close();
    server.closeAllConnections();
    await new Promise((resolve) => { server.close(resolve); });
  };
  page.on('console', (it) => { if (['error', 'warning'].includes(it.type()) && !/404|401/.test(it.text())) faults.push(it.text()); });
  page.on('pageerror', (it) => faults.push(it.stack));
  try {
    await page.goto(host.url);
    await step(page, 'choose');
    await stage.logIn(page, given.persons.right.id);
    await step(page, 'preview');
    await press(page, /^Reconnect 12 assets$/);
    await step(page, 'summary');
    assert.deepEqual(await groups(page), { Done: 12 });
    await look(page);
    assert.deepEqual(faults, []);
  } finally {
    await close();
  }
}

const text = (file) => readFile(file, 'utf8');
const example = (name) => text(new URL(`web/examples/${name}`, REPOSITORY));
const steps = (page) => page.locator('#steps').innerText();

const parts = {
  async 'a plain page'() {
    const module = await text(new URL('web/regrant.js', REPOSITORY));
    await through({ '/': await example('plain.html'), '/plain.js': await example('plain.js'), '/regrant.js': module }, async (page) => {
      assert.equal(await page.title(), 'ready');
    });
  },

  async 'a page in React 19 is rendered on a server, hydrated, and hears every step'() {
    const server = await bundle('react/server.tsx', 'server.mjs', { platform: 'node', external: ['react', 'react-dom'] });
    const { render } = await import(pathToFileURL(server));
    const html = render({ api: given.api });
    assert.match(html, /<regrant-reconnect api="[^"]+" consent="token"><\/regrant-reconnect>/);
    const browser = await text(await bundle('react/browser.tsx', 'browser.js'));
    const page_ = `<!doctype html><html lang="en"><title>React</title><div id="root" data-api="${given.api}">${html}</div><script type="module" src="/browser.js"></script></html>`;
    await through({ '/': page_, '/browser.js': browser }, async (page) => {
      assert.match(await steps(page), /^loading choose waiting checking preview running summary$/);
      assert.match(await page.locator('#needed').innerText(), /^\d+$/);
    });
  },

  async 'the typed example is sound, strictly'() {
    const tsc = path.join(home, 'node_modules/.bin/tsc');
    await symlink(path.join(home, 'node_modules/react'), path.join(project, 'node_modules/react'));
    await symlink(path.join(home, 'node_modules/react-dom'), path.join(project, 'node_modules/react-dom'));
    await symlink(path.join(home, 'node_modules/@types'), path.join(project, 'node_modules/@types'));
    const { stdout } = await run(tsc, ['-p', path.join(project, 'examples/react/tsconfig.json'), '--preserveSymlinks']).catch((error) => error);
    assert.equal(stdout.trim(), '');
  },

  async 'a page in Vue'() {
    const browser = await text(await bundle('vue/browser.js', 'vue.js'));
    const page_ = `<!doctype html><html lang="en"><title>Vue</title><div id="root" data-api="${given.api}"></div><script type="module" src="/vue.js"></script></html>`;
    await through({ '/': page_, '/vue.js': browser }, async (page) => {
      assert.match(await steps(page), /preview running summary$/);
    });
  },

  async 'importing the package where there is no page does nothing'() {
    const code = "const it = await import('@regrant/web'); await import('@regrant/web/define.js'); console.log(Object.keys(it).join())";
    const { stdout } = await run('node', ['--input-type=module', '-e', code], { cwd: project });
    assert.equal(stdout.trim(), 'RegrantReconnect,RegrantStatus');
  },
};

await story(parts);
await rm(project, { recursive: true, force: true });
await stage.browser.close();
await stage.rehearsal?.stop();
