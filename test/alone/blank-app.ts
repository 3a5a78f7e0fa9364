import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type Block, root } from './guide.js';
import { type Ended, run, type Started, start, succeed } from './process.js';

const LIBS = ['outbox', 'messaging'] as const;

export interface Packed {
  readonly name: string;
  readonly tarball: string;
  readonly files: readonly string[];
  readonly dependencies: Readonly<Record<string, string>>;
  readonly exports: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
}

/** The npm that runs this test, if one does: there may be no other. */
function npm(args: readonly string[]): [string, string[]] {
  const path = process.env['npm_execpath'];
  return path?.endsWith('.js') ? [process.execPath, [path, ...args]] : ['npm', [...args]];
}

/** `npm pack` of both libraries into a folder. */
async function packLibs(folder: string): Promise<Packed[]> {
  const packed: Packed[] = [];
  for (const lib of LIBS) {
    const cwd = join(root, 'libs', lib);
    const printed = await succeed(...npm(['pack', '--json', '--pack-destination', folder]), { cwd });
    const [{ name, filename, files }] = Object.values(JSON.parse(printed) as object) as [
      { name: string; filename: string; files: readonly { path: string }[] },
    ];
    const manifest = JSON.parse(await readFile(join(cwd, 'package.json'), 'utf8')) as Packed;
    const { dependencies, exports } = manifest;
    packed.push({
      ...{ name, dependencies, exports },
      tarball: join(folder, filename),
      files: files.map(({ path }) => path),
    });
  }
  return packed;
}

/** A folder outside of the repository, in which a stranger follows a guide. */
export class BlankApp {
  private constructor(
    readonly folder: string,
    private readonly packed: readonly Packed[],
  ) {}

  static async create(): Promise<BlankApp> {
    const folder = await mkdtemp(join(tmpdir(), 'taskwire-alone-'));
    const packed = await packLibs(folder);
    await writeFile(join(folder, 'package.json'), '{ "name": "shop", "private": true, "type": "module" }\n');
    return new BlankApp(folder, packed);
  }

  get libraries(): readonly Packed[] {
    return this.packed;
  }

  async write({ file, text }: Block): Promise<void> {
    const path = join(this.folder, file);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
  }

  /** The commands of a block, one a line. Packages get the versions of this repository, the libraries are the packed ones. */
  async follow({ text }: Block, env: Readonly<Record<string, string>> = {}): Promise<void> {
    const installs: string[] = [];
    for (const line of text.trim().split('\n')) {
      const [program = '', ...args] = line.split(' ');
      if (program === 'npm')
        installs.push(...args.filter((arg) => !arg.startsWith('-') && arg !== 'install'));
      else if (program === 'npx') await this.#prisma(args.slice(1), env);
      else await succeed(program, args, { cwd: this.folder });
    }
    if (installs.length > 0) await this.#install(installs);
  }

  /** Compiles with this repository's compiler; answers what it complains of. */
  async compile(): Promise<string> {
    const compiler = join(root, 'node_modules/@typescript/native/bin/tsc');
    const { code, stdout } = await run(process.execPath, [compiler], { cwd: this.folder });
    return code === 0 ? '' : stdout;
  }

  node(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> {
    return run(process.execPath, args, { cwd: this.folder, env });
  }

  start(args: readonly string[], env: Readonly<Record<string, string>>): Started {
    return start(process.execPath, args, { cwd: this.folder, env });
  }

  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }

  async #install(names: readonly string[]): Promise<void> {
    const wanted = await Promise.all(names.map((name) => this.#versioned(name)));
    const flags = ['--prefer-offline', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
    await succeed(...npm(['install', ...flags, ...wanted]), { cwd: this.folder });
  }

  async #versioned(name: string): Promise<string> {
    const own = this.packed.find((lib) => lib.name === name);
    if (own) return own.tarball;
    const manifest = await readFile(join(root, 'node_modules', name, 'package.json'), 'utf8');
    return `${name}@${(JSON.parse(manifest) as { version: string }).version}`;
  }

  /** The command line of this repository, with an engine that needs no download. */
  async #prisma(args: readonly string[], env: Readonly<Record<string, string>>): Promise<void> {
    const engine = {
      PRISMA_SCHEMA_ENGINE_BINARY: join(root, 'tools/schema-engine.js'),
      CHECKPOINT_DISABLE: '1',
    };
    const program = join(root, 'node_modules/prisma/build/index.js');
    await succeed(process.execPath, [program, ...args], { cwd: this.folder, env: { ...engine, ...env } });
  }
}
