import { spawnSync } from 'node:child_process';
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';

const root = join(import.meta.dirname, '..');

describe('npx nest', () => {
  it('builds and starts an app that nest-cli.json lists, with its migrations', () => {
    const output = join(root, 'dist/apps/task');
    rmSync(output, { recursive: true, force: true });
    const nest = (...args: string[]) =>
      spawnSync(process.execPath, [join(root, 'node_modules/@nestjs/cli/bin/nest.js'), ...args], {
        cwd: root,
        env: { PATH: process.env.PATH },
        encoding: 'utf8',
      });
    expect(nest('build', 'task')).toMatchObject({ status: 0 });
    expect(readdirSync(join(output, 'prisma/migrations')).length).toBeGreaterThan(0);

    // Without any settings the app says which it needs: its modules are all there.
    expect(nest('start', 'task').stderr).toContain("task: these settings can't be used");
  }, 60_000);
});
