import { build } from '../build.js';
import { prisma } from '../prisma.js';
import { appsWithStore } from '../workspaces.js';
import { run } from './command.js';

const DRIFT = 2;

/** A schema that its migrations don't produce would only be noticed in production. */
async function schemaDrift(databaseUrl) {
  const results = await Promise.all(
    appsWithStore.map(async (app) => {
      const args = [
        'migrate',
        'diff',
        '--from-migrations',
        'prisma/migrations',
        '--to-schema',
        'prisma',
        '--exit-code',
      ];
      const { code, output } = await prisma(app, args, { env: { DATABASE_URL: databaseUrl } });
      if (code === 0) return '';
      const hint = `npm run prisma -- ${app.name} migrate dev`;
      return `apps/${app.name}: ${code === DRIFT ? `schema and migrations differ, run "${hint}"` : 'failed'}\n${output}`;
    }),
  );
  const output = results.filter(Boolean).join('\n');
  return { code: output === '' ? 0 : 1, output };
}

async function buildAll() {
  try {
    await build({ quiet: true });
    return { code: 0, output: '' };
  } catch (error) {
    return { code: 1, output: error.message };
  }
}

/** What is checked before the tests run, in order. A check resolves to an exit code and its output. */
export const checks = [
  { name: 'build', check: buildAll },
  { name: 'format', check: () => run('oxfmt/bin/oxfmt', ['--check', '.']) },
  // Types too: both need the same program.
  {
    name: 'lint',
    check: () => run('oxlint/bin/oxlint', ['--deny-warnings', '--report-unused-disable-directives']),
  },
  {
    name: 'imports',
    check: () =>
      run('dependency-cruiser/bin/dependency-cruiser.mjs', [
        '--config',
        '.dependency-cruiser.js',
        'apps',
        'libs',
        'test',
      ]),
  },
  { name: 'unused', check: () => run('knip/bin/knip.js', ['--no-config-hints']) },
  { name: 'contracts', check: () => run('../tools/run.js', ['tools/contracts.ts']) },
  { name: 'schema drift', check: schemaDrift },
];
