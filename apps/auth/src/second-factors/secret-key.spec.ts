import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { SecretKey } from './secret-key.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'taskwire-factors-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('a sealed secret', () => {
  it('is opened by every instance that has the folder', () => {
    const [one, other] = [new SecretKey(folder), new SecretKey(folder)];
    expect(other.unseal('ada', one.seal('ada', 'GEZDGNBV'))).toBe('GEZDGNBV');
    expect(new SecretKey(folder).unseal('ada', other.seal('ada', 'JBSWY3DP'))).toBe('JBSWY3DP');
  });

  it('opens nothing for another account', () => {
    const key = new SecretKey(folder);
    const sealed = key.seal('ada', 'GEZDGNBV');
    expect(() => key.unseal('eve', sealed)).toThrow('another account');
  });

  it('is not sealed under what is no key', () => {
    writeFileSync(join(folder, 'second-factors.key'), 'short');
    expect(() => new SecretKey(folder).seal('ada', 'GEZDGNBV')).toThrow('32 random bytes');
  });
});
