import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { removePrograms } from './programs.js';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'taskwire-programs-'));
  mkdirSync(join(folder, 'bin'));
  writeFileSync(join(folder, 'bin/server.cjs'), 'console.log("runs"); setInterval(() => {}, 1000);');
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('a copy of the programs of PostgreSQL', () => {
  it('is removed', () => {
    expect(removePrograms(folder)).toBe(true);
    expect(existsSync(folder)).toBe(false);
  });

  it('is kept while a server of another data folder runs from it', async () => {
    const server = spawn(process.execPath, [join(folder, 'bin/server.cjs')]);
    await once(server.stdout, 'data');
    const removed = removePrograms(folder);
    server.kill();
    await once(server, 'exit');

    expect(removed).toBe(false);
    expect(existsSync(join(folder, 'bin'))).toBe(true);
  });
});
