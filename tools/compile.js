import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { mkdir, readFile, rename, stat, utimes, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { compilerOptions, compilerVersion } from './compiler.js';
import { apps, libs, root } from './workspaces.js';

// libs/messaging publishes its conformance suite beside its code, so its two folders keep their names in dist.
const layouts = { messaging: { src: 'src', testing: 'testing' } };

function* filesBelow(folder) {
  if (!existsSync(folder)) return;
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    if (entry.isFile() && !entry.name.startsWith('.')) yield join(entry.parentPath, entry.name);
  }
}

function outputsOf(workspace) {
  const outputs = new Map();
  for (const [from, to] of Object.entries(layouts[workspace.name] ?? { src: '' })) {
    const source = join(workspace.path, from);
    for (const file of filesBelow(source)) {
      if (/\.(spec|fixture|d)\.ts$/.test(file)) continue;
      const target = join(workspace.path, 'dist', to, relative(source, file));
      outputs.set(target.replace(/\.ts$/, '.js'), file);
    }
  }
  return outputs;
}

/** An output carries its source's time: a source that was put back from elsewhere is older and changed all the same. */
async function writeWhole(file, content, modified) {
  const partial = `${file}.${process.pid}`;
  await writeFile(partial, content);
  await utimes(partial, modified, modified);
  await rename(partial, file);
}

async function compileFile(swc, source, target) {
  const { mtime } = await stat(source);
  const content = await readFile(source);
  await mkdir(dirname(target), { recursive: true });
  if (!source.endsWith('.ts')) return writeWhole(target, content, mtime);

  const { code, map } = await swc.transform(content.toString(), {
    ...compilerOptions(source),
    sourceFileName: relative(dirname(target), source),
  });
  await writeWhole(`${target}.map`, map, mtime);
  await writeWhole(target, `${code}\n//# sourceMappingURL=${basename(target)}.map\n`, mtime);
}

function isStale(target, source) {
  const built = statSync(target, { throwIfNoEntry: false });
  return built === undefined || Math.abs(built.mtimeMs - statSync(source).mtimeMs) > 1;
}

function removeOrphans(dist, outputs) {
  for (const file of filesBelow(dist)) {
    // Declarations, made when a lib is packed, belong to the JavaScript beside them.
    const script = file.replace(/\.map$/, '').replace(/\.d\.ts$/, '.js');
    if (!outputs.has(script)) rmSync(file);
  }
}

function compilerSettings() {
  const stamp = join(root, 'node_modules', '.cache', 'taskwire-compiler');
  const settings = compilerVersion();
  const same = existsSync(stamp) && readFileSync(stamp, 'utf8') === settings;
  return {
    same,
    remember: () => {
      mkdirSync(dirname(stamp), { recursive: true });
      return writeFile(stamp, settings);
    },
  };
}

/** Compiles what differs from its output in every workspace. Returns how many files it compiled. */
export async function compile() {
  const compiler = compilerSettings();
  const stale = [];
  for (const workspace of [...libs, ...apps]) {
    const outputs = outputsOf(workspace);
    removeOrphans(join(workspace.path, 'dist'), outputs);
    for (const [target, source] of outputs) {
      if (!compiler.same || isStale(target, source)) stale.push([source, target]);
    }
  }
  if (stale.length === 0) return 0;

  const swc = await import('@swc/core');
  await Promise.all(stale.map(([source, target]) => compileFile(swc, source, target)));
  await compiler.remember();
  return stale.length;
}
