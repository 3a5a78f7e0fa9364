import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';

const ROOT = join(import.meta.dirname, '..');

it('docs/security.md names for each threat a test that there is', async () => {
  const page = await readFile(join(ROOT, 'docs/security.md'), 'utf8');
  const [, threats = ''] = /## Threats\n([^]*?)\n## /.exec(page) ?? [];
  const rows = threats.split('\n').filter((line) => /^\| (?!threat|-)/.test(line));
  const tests = rows.map((row) =>
    [...row.matchAll(/`((?:test|apps|libs)\/[^`]+\.ts)`/g)].map(([, path = '']) => path),
  );

  expect(rows.length).toBeGreaterThan(15);
  expect(rows.filter((_, at) => tests[at]?.length === 0)).toEqual([]);
  expect(tests.flat().filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
});
