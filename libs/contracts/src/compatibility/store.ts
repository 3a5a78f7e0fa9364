import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { MessageContract, Subscription } from '@taskwire/messaging';
import type { Stored } from './check.js';
import { Published, publishedOf } from './published.js';
import { Samples, withNewSamples } from './samples.js';

/** The folder of this package; its `src` and `dist` have the same depth. */
export const CONTRACTS_FOLDER = fileURLToPath(new URL('../../', import.meta.url));

export async function readStored(folder: string): Promise<Stored> {
  return {
    published: await readAll(join(folder, 'published'), Published),
    samples: await readAll(join(folder, 'samples'), Samples),
  };
}

/** Stores every contract as it is now, and samples of what no sample shows yet. `format` makes the files' text. */
export async function writeStored(
  folder: string,
  contracts: readonly MessageContract[],
  subscriptions: readonly Subscription[],
  { samples }: Stored,
  format: (json: string) => Promise<string>,
): Promise<void> {
  const write = async (part: string, type: string, content: unknown) => {
    await mkdir(join(folder, part), { recursive: true });
    await writeFile(join(folder, part, `${type}.json`), await format(JSON.stringify(content, null, 2)));
  };
  for (const contract of contracts) {
    const published = publishedOf(contract, subscriptions);
    await write('samples', contract.type, withNewSamples(contract, published, samples.get(contract.type)));
    await write('published', contract.type, published);
  }
}

async function readAll<T>(folder: string, schema: { parse(json: unknown): T }): Promise<Map<string, T>> {
  const files = await readdir(folder).catch(() => []);
  const found = new Map<string, T>();
  for (const file of files.filter((name) => name.endsWith('.json')).sort()) {
    const path = join(folder, file);
    try {
      found.set(file.slice(0, -'.json'.length), schema.parse(JSON.parse(await readFile(path, 'utf8'))));
    } catch (error) {
      throw new Error(`${path} cannot be read: ${String(error)}`, { cause: error });
    }
  }
  return found;
}
