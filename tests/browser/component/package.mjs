// What the package promises: its weight, its files, and that its description says what its sources do.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { REPOSITORY, story } from '../browser.mjs';

const web = (name) => new URL(`web/${name}`, REPOSITORY);
const text = (name) => readFile(web(name), 'utf8');
const HEAVIEST = 15_360;

const parts = {
  async 'the whole module weighs at most 15 KiB, compressed by gzip -9'() {
    const size = execFileSync('gzip', ['-9', '-c', fileURLToPath(web('regrant.js'))]).length;
    console.log(`${size} bytes`);
    assert.ok(size <= HEAVIEST, `${size} bytes`);
  },

  async 'the module, its name, its digest and the tag of the README are current'() {
    const folder = await mkdtemp(path.join(process.env.REGRANT_BROWSER_HOME, 'bundle-'));
    execFileSync(fileURLToPath(web('bundle.sh')), [folder], { stdio: ['ignore', 'inherit', 'inherit'] });
    for (const name of ['regrant.js', 'release.json', 'README.md']) {
      assert.equal(await readFile(path.join(folder, name), 'utf8'), await text(name), `web/${name} is old: run web/bundle.sh`);
    }
    await rm(folder, { recursive: true });
  },

  async 'the manifest and the types name every element, attribute, event, part, property and method, and no other'() {
    const manifest = JSON.parse(await text('custom-elements.json'));
    const files = await readdir(web('src'));
    const sources = (await Promise.all(files.map((it) => text(`src/${it}`)))).join('\n');
    const types = await text('index.d.ts');
    const [reconnect, status] = manifest.modules.map((it) => it.declarations[0]);
    assert.deepEqual([reconnect.tagName, status.tagName], ['regrant-reconnect', 'regrant-status']);
    const unique = (all) => [...new Set(all)].sort();
    const found = (pattern) => unique([...sources.matchAll(pattern)].map(([, name]) => name));
    assert.deepEqual(found(/getAttribute\('([\w-]+)'\)/g), ['api', 'consent']);
    const properties = reconnect.cssProperties.map((it) => it.name);
    assert.ok(properties.length <= 12);
    assert.deepEqual(properties.sort(), found(/var\((--regrant-[\w-]+)/g));
    const parts_ = unique(found(/part: [`']([\w ]+)/g).flatMap((it) => it.trim().split(' ')).filter((it) => it !== 'main'));
    assert.deepEqual(reconnect.cssParts.map((it) => it.name).sort(), parts_);
    const said = found(/\bsay\('([\w-]+)'/g).filter((it) => !['step', 'assets', 'choice', 'item', 'busy', 'checked'].includes(it));
    assert.deepEqual(reconnect.events.map((it) => it.name).sort(), said);
    for (const name of said) assert.ok(types.includes(`${name.includes('-') ? `'${name}'` : name}: CustomEvent`), name);
    for (const { name } of reconnect.members) assert.match(types, new RegExp(`\\b${name}[?(:]`), name);
    const methods = unique([...(await text('src/reconnect.js')).matchAll(/^ {2}(?:async )?([a-z]\w+)\(.*\) \{/gm)].map(([, name]) => name));
    for (const name of methods) assert.ok(reconnect.members.some((it) => it.name === name), name);
  },

  async 'every text of the README exists: files, parts, properties'() {
    const readme = await text('README.md');
    for (const [, name] of readme.matchAll(/\]\(([\w./-]+)\)/g)) await readdir(web(name)).catch(() => readFile(web(name)));
    assert.doesNotMatch(readme, /0000000000|AAAA/);
  },
};

await story(parts);
