import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { settingNames } from '@taskwire/service';
import { namesOf } from '@taskwire/service/settings';
import { repository } from './launcher.fixture.js';
import { apps } from './services.js';
import { PlatformSettings } from './settings.js';

/** The variables in the first column of the tables below "Settings". */
function documented(): string[] {
  const text = readFileSync(join(repository, 'README.md'), 'utf8');
  const [section = ''] = text.split('\n## Settings\n')[1]?.split('\n## ') ?? [];
  const cells = section.split('\n').flatMap((line) => /^\| (`.*?) +\|/.exec(line)?.[1] ?? []);
  return cells.flatMap((cell) => [...cell.matchAll(/`(\w+)`/g)].map(([, name = '']) => name));
}

describe('the settings in the README', () => {
  it('are those that the platform and its apps know, each once', () => {
    const known = new Set([...namesOf(PlatformSettings), ...apps.flatMap(settingNames)]);

    expect(documented().sort()).toEqual([...known].sort());
  });
});
