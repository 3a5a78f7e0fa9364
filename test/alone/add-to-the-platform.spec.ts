import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Block, blocksOf } from './guide.js';
import { RepositoryCopy } from './repository-copy.js';

// Both guides on one copy, one after the other: they can't contradict each other then, and it is compiled once.
let copy: RepositoryCopy;
let blocks: Block[];
let complaints: string;

beforeAll(async () => {
  copy = await RepositoryCopy.create();
  blocks = [...(await blocksOf('add-a-command.md')), ...(await blocksOf('add-a-service.md'))];
  for (const block of blocks) {
    if (block.language !== 'sh') await copy.apply(block);
    else if (block.file === 'make.sh') await copy.follow(block);
  }
  await copy.linkWorkspace('apps/score');
  const { code, stderr } = await copy.node(['tools/build.js']);
  if (code !== 0) throw new Error(stderr);
  complaints = await copy.compile();
}, 120_000);

afterAll(() => copy.remove());

describe('who follows the guides in a copy of the repository', () => {
  it('has code that compiles', () => {
    expect(complaints).toBe('');
  });

  it('has specs that pass, the new ones and those that compare the parts', async () => {
    const own = blocks.map(({ file }) => file).filter((file) => file.endsWith('.spec.ts'));
    const comparing = ['apps/gateway/src/commands/bindings.spec.ts'];
    const { code, stderr } = await copy.specs([...own, ...comparing]);
    expect([code, code === 0 || stderr]).toEqual([0, true]);
  }, 90_000);

  it('publishes the contract, which is then compatible', async () => {
    const { code, stdout } = await copy.node(['tools/run.js', 'tools/contracts.ts', '--publish']);
    expect([code, stdout]).toEqual([0, expect.stringContaining('compatible')]);
    const stored = await readdir(join(copy.folder, 'libs/contracts/published'));
    expect(stored).toContain('task.postpone.v1.json');
  }, 60_000);
});
