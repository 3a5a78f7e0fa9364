import { cp, mkdir, mkdtemp, readdir, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { type Block, root } from './guide.js';
import { type Ended, run, succeed } from './process.js';

const FOLDERS = ['apps', 'libs', 'tools', 'deploy'];
const SETTINGS = ['.swcrc', 'jest.config.js', 'package.json', 'package-lock.json'];
const COMPILER_SETTINGS = ['tsconfig.base.json', 'tsconfig.json'];

/** The repository as somebody has it who is about to follow a guide, in a folder of its own. */
export class RepositoryCopy {
  readonly #touched = new Set<string>();

  private constructor(readonly folder: string) {}

  static async create(): Promise<RepositoryCopy> {
    const folder = await realpath(await mkdtemp(join(tmpdir(), 'taskwire-copy-')));
    // Specs that run at the same time make Prisma clients in a lib.
    const passing = /\/node_modules$|\/libs\/[^/]+\/generated$/;
    const filter = (path: string): boolean => !passing.test(path);
    const options = { recursive: true, preserveTimestamps: true, verbatimSymlinks: true, filter };
    for (const name of [...FOLDERS, ...SETTINGS, ...COMPILER_SETTINGS]) {
      await cp(join(root, name), join(folder, name), options);
    }
    const copy = new RepositoryCopy(folder);
    await copy.#linkPackages();
    return copy;
  }

  /** Writes a file, or changes one as a diff says. */
  async apply(block: Block): Promise<void> {
    const path = join(this.folder, block.file);
    if (block.language === 'diff') {
      await writeFile(path, patched(await readFile(path, 'utf8'), block));
    } else {
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, block.text);
    }
    if (block.file.endsWith('.ts')) this.#touched.add(block.file);
  }

  /** The commands of a block, one a line. */
  async follow({ text }: Block): Promise<void> {
    for (const line of text.trim().split('\n')) {
      const [program = '', ...args] = line.split(' ');
      await succeed(program, args, { cwd: this.folder });
    }
  }

  /** Links a workspace that a guide has added, as `npm install` does. */
  async linkWorkspace(path: string): Promise<void> {
    await symlink(join(this.folder, path), join(this.folder, 'node_modules/@taskwire', basename(path)));
  }

  /** Compiles the files that were touched, and what they use; answers what the compiler complains of. */
  async compile(): Promise<string> {
    const project = {
      extends: './tsconfig.json',
      include: ['libs/*/src/**/*.d.ts'],
      files: [...this.#touched],
    };
    await writeFile(join(this.folder, 'tsconfig.guide.json'), JSON.stringify(project));
    const { code, stdout } = await this.node([
      'node_modules/@typescript/native/bin/tsc',
      '-p',
      'tsconfig.guide.json',
    ]);
    return code === 0 ? '' : stdout;
  }

  node(args: readonly string[]): Promise<Ended> {
    return run(process.execPath, args, { cwd: this.folder });
  }

  /** Runs specs of the copy, on the database server of this test. */
  specs(paths: readonly string[]): Promise<Ended> {
    return this.node(['node_modules/jest/bin/jest.js', '--runInBand', ...paths]);
  }

  remove(): Promise<void> {
    return rm(this.folder, { recursive: true, force: true });
  }

  /** What npm has installed, but the copy's own workspaces. */
  async #linkPackages(): Promise<void> {
    const [from, to] = [join(root, 'node_modules'), join(this.folder, 'node_modules')];
    await mkdir(join(to, '@taskwire'), { recursive: true });
    for (const name of await readdir(from)) {
      if (!['@taskwire', '.cache'].includes(name)) await symlink(join(from, name), join(to, name));
    }
    // What is built already is not built again.
    await cp(join(from, '.cache/taskwire-compiler'), join(to, '.cache/taskwire-compiler'));
    for (const kind of ['libs', 'apps']) {
      for (const name of await readdir(join(this.folder, kind))) await this.linkWorkspace(`${kind}/${name}`);
    }
  }
}

/** A file with the hunks of a diff applied: `@@` is between them, and each fits at one place. */
function patched(text: string, { file, text: diff }: Block): string {
  return diff.split(/^@@.*\n/m).reduce((before, hunk) => {
    const lines = hunk.split('\n').slice(0, -1);
    const of = (signs: string) =>
      lines
        .filter((line) => line === '' || signs.includes(line[0] ?? ''))
        .map((line) => `${line.slice(1)}\n`)
        .join('');
    const [old, changed] = [of(' -'), of(' +')];
    const places = before.split(old).length - 1;
    if (places !== 1)
      throw new Error(`the guide's change of ${file} fits at ${places} places, not one:\n${hunk}`);
    return before.replace(old, () => changed);
  }, text);
}
