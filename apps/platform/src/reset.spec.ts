import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { lockFolder } from './folder-lock.js';
import { repository, runScript } from './launcher.fixture.js';

let folder: string;
let key: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'taskwire reset '));
  mkdirSync(join(folder, '.taskwire'));
  key = join(folder, '.taskwire', 'key');
  writeFileSync(key, '');
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

async function reset(...args: string[]): Promise<{ code: number | null; text: string }> {
  const { output, ended } = runScript(folder, [join(repository, 'apps/platform/dist/reset.js'), ...args]);
  const { code, errors } = await ended;
  return { code, text: output() + errors };
}

describe('npm run reset', () => {
  it('deletes nothing while nobody has said yes', async () => {
    expect((await reset()).text).toContain('Nothing was deleted.');
    expect(existsSync(key)).toBe(true);
  });

  it('deletes the data folder', async () => {
    expect(await reset('--yes')).toMatchObject({ code: 0 });
    expect(existsSync(join(folder, '.taskwire'))).toBe(false);
  });

  it('leaves the data of a running platform alone', async () => {
    const release = lockFolder(join(folder, '.taskwire'));
    const { code, text } = await reset('--yes');
    release();

    expect(text).toMatch(/in use by another Taskwire/);
    expect(code).toBe(1);
    expect(existsSync(key)).toBe(true);
  });
});
