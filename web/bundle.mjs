// Makes the module of web/src, one small file: `node bundle.mjs HOME FILE`. esbuild and terser are installed in HOME.

import { readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';

const [, , home, outfile] = process.argv;
const require = createRequire(path.join(home, 'package.json'));
const esbuild = require('esbuild');
const { minify } = require('terser');

// Names that the sources alone use: no page, no call and no event has them.
const INTERNAL = /^(acts|announce|awaited|bar|consent|differing|draw|dueAt|flow|forget|hasAllAssets|isBusy|isGood|isNew|itemRow|known|lead|leave|made|notice|onTrouble|personName|progressed|readAssets|renew|report|rows|say|section|send|showChoice|skew|text|tone|trouble|unchosen|why|words)$/;

// The style sheet is a template string, which a minifier of scripts leaves as it is.
const style = {
  name: 'style',
  setup({ onLoad }) {
    onLoad({ filter: /src\/style\.js$/ }, async ({ path: file }) => {
      const text = await readFile(file, 'utf8');
      const [template, css] = /`\n([^`]*)`/.exec(text);
      const { code } = await esbuild.transform(css, { loader: 'css', minify: true, charset: 'utf8', target: 'safari17.5' });
      const small = code.trim().replace(/(--[\w-]+): /g, '$1:').replace(/, /g, ',');
      return { contents: text.replace(template, () => JSON.stringify(small)) };
    });
  },
};

// All texts of one language in a row are smaller, compressed, than pairs of two languages.
const texts = {
  name: 'texts',
  setup({ onLoad }) {
    onLoad({ filter: /src\/texts\.js$/ }, async ({ path: file }) => {
      const { LANGUAGES, TEXTS } = await import(file);
      const languages = LANGUAGES.map((_, at) => Object.values(TEXTS).map((it) => it[at]));
      return { contents: `const languages = ${JSON.stringify(languages)};
        export const LANGUAGES = ${JSON.stringify(LANGUAGES)};
        export const TEXTS = Object.fromEntries('${Object.keys(TEXTS).join(' ')}'.split(' ')
          .map((code, at) => [code, languages.map((it) => it[at])]));` };
    });
  },
};

// The module begins with these sources, because this order compresses best; then come the others.
const FIRST = ['texts', 'element', 'html', 'words', 'view', 'choice', 'lists', 'steps', 'rows', 'stream'];

const { outputFiles: [{ text }] } = await esbuild.build({
  stdin: {
    contents: `${FIRST.map((name) => `import './${name}.js';`).join('')} export * from './module.js';`,
    resolveDir: new URL('src', import.meta.url).pathname,
  },
  bundle: true, minify: true, format: 'esm', target: 'es2022', charset: 'utf8', write: false, plugins: [style, texts],
  // What is imported for its place alone is no mistake.
  ignoreAnnotations: true,
});
const { code } = await minify(text, {
  module: true,
  compress: { ecma: 2020, passes: 3, unsafe_arrows: true, inline: 0, reduce_funcs: false },
  mangle: { properties: { regex: INTERNAL } },
});
await writeFile(outfile, `${code}\n`);
