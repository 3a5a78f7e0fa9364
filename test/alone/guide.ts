import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

export const root = join(import.meta.dirname, '../..');

export interface Block {
  /** What the block's language is called: `ts`, `sh`, `diff` ... */
  readonly language: string;
  readonly file: string;
  readonly text: string;
}

const FENCE = /^```(\w+) file=(\S+)\n([^]*?)^```$/gm;

/** The blocks of a guide that name a file, in their order. */
export async function blocksOf(guide: string): Promise<Block[]> {
  const markdown = await readFile(join(root, 'docs/guides', guide), 'utf8');
  return [...markdown.matchAll(FENCE)].map(([, language = '', file = '', text = '']) => ({
    language,
    file,
    text,
  }));
}
