import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { lockFolder } from './folder-lock.js';
import { startOf } from './processes.js';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'taskwire-lock-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

describe('lockFolder', () => {
  it('refuses a folder that another process has, and names the process', () => {
    writeFileSync(join(folder, 'lock'), JSON.stringify({ pid: process.ppid, start: startOf(process.ppid) }));

    expect(() => lockFolder(folder)).toThrow(`in use by another Taskwire (process ${process.ppid})`);
  });

  it('gives the folder back', () => {
    lockFolder(folder)();

    expect(readdirSync(folder)).toEqual([]);
    expect(() => lockFolder(folder)).not.toThrow();
  });

  it.each([
    ['has ended', { pid: 2 ** 30, start: 'long ago' }],
    ['has ended and left its pid to another process', { pid: process.ppid, start: 'long ago' }],
  ])('takes a folder whose owner %s', (_, owner) => {
    writeFileSync(join(folder, 'lock'), JSON.stringify(owner));

    lockFolder(folder);

    expect(readdirSync(folder)).toEqual(['lock']);
  });

  it('takes a folder whose lock a crash left unreadable', () => {
    writeFileSync(join(folder, 'lock'), '');

    expect(() => lockFolder(folder)).not.toThrow();
  });
});
