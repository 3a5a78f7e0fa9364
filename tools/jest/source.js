import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import swc from '@swc/core';
import { compilerOptions, compilerVersion } from '../compiler.js';
import { root } from '../workspaces.js';

const GLOBALS = new URL('globals.js', import.meta.url).href;
const CONDITION = 'taskwire-source';
const RELATIVE_JS = /^\.{1,2}\/.*\.js$/;
const TYPESCRIPT = /\.ts(\?|$)/;

let specs = 0;

const cache = join(root, 'node_modules', '.cache', 'taskwire-specs');
const compiler = compilerVersion();

/** Where the source map of each module that was loaded is, by the module's URL. */
export const sourceMaps = new Map();

/** Specs read the workspaces' sources, not what was built of them. */
export function readSource() {
  mkdirSync(cache, { recursive: true });
  registerHooks({ resolve, load });
}

/** Loads a spec, with own copies of all modules of this repository. Packages are loaded once. */
export function importSpec(path) {
  specs += 1;
  return import(pathToFileURL(path).href);
}

function resolve(specifier, context, next) {
  if (specifier === '@jest/globals') return { url: forThisSpec(GLOBALS), shortCircuit: true };
  const isOurs = RELATIVE_JS.test(specifier) && TYPESCRIPT.test(context.parentURL);
  const found = next(isOurs ? specifier.replace(/js$/, 'ts') : specifier, {
    ...context,
    conditions: [...context.conditions, CONDITION],
  });
  return TYPESCRIPT.test(found.url) ? { ...found, url: forThisSpec(found.url) } : found;
}

const forThisSpec = (url) => `${url}?spec=${specs}`;

function load(url, context, next) {
  if (!TYPESCRIPT.test(url)) return next(url, context);
  const compiled = compile(fileURLToPath(url));
  sourceMaps.set(url, `${compiled}.map`);
  return { format: 'module', source: readFileSync(compiled, 'utf8'), shortCircuit: true };
}

function compile(file) {
  const text = readFileSync(file, 'utf8');
  const key = createHash('sha256').update([compiler, file, text].join('\n'));
  const compiled = join(cache, `${key.digest('hex')}.js`);
  if (!existsSync(compiled)) {
    const { code, map } = swc.transformSync(text, compilerOptions(file));
    write(`${compiled}.map`, map);
    write(compiled, code);
  }
  return compiled;
}

/** Several workers may write the same: none reads half of it. */
function write(file, content) {
  writeFileSync(`${file}.${process.pid}`, content);
  renameSync(`${file}.${process.pid}`, file);
}
