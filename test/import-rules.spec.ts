import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

const root = join(import.meta.dirname, '..');
const config = join(root, '.dependency-cruiser.js');
const { default: rules } = (await import(config)) as {
  default: { forbidden: readonly { readonly name: string }[] };
};
const cruiser = join(root, 'node_modules', 'dependency-cruiser', 'bin', 'dependency-cruiser.mjs');

/** For each rule a file that breaks it, and what that file imports. */
const VIOLATIONS: Record<string, readonly [file: string, imported: string]> = {
  'apps-never-import-apps': ['apps/auth/src/asks-task.ts', '../../task/src/index.js'],
  'libs-never-import-apps': ['libs/service/src/asks-task.ts', '../../../apps/task/src/index.js'],
  'messaging-stands-alone': ['libs/messaging/src/stores.ts', '../../outbox/src/index.js'],
  'kafka-clients-in-their-driver': ['libs/messaging/src/drivers/postgres/kafka.ts', 'kafkajs'],
  'amqplib-in-its-driver': ['apps/task/src/sends.ts', 'amqplib'],
  'prisma-in-stores': ['apps/task/src/tasks/lists.ts', '@prisma/client'],
  'domain-without-framework': ['apps/task/src/tasks/task.ts', '@nestjs/common'],
  'test-support-in-tests': ['apps/task/src/waits.ts', '../../../libs/testing/src/index.js'],
  'no-cycles': ['libs/service/src/egg.ts', './hen.js'],
  resolvable: ['libs/service/src/typo.ts', './nowhere.js'],
};

/** What is like them, but allowed. */
const ALLOWED: readonly (readonly [file: string, imported: string])[] = [
  ['apps/platform/src/starts.ts', '../../task/src/index.js'],
  ['libs/messaging/src/drivers/kafka/client.ts', 'kafkajs'],
  ['libs/messaging/src/drivers/rabbitmq/client.ts', 'amqplib'],
  ['apps/task/src/tasks/task-store.ts', '@prisma/client'],
  ['apps/task/src/tasks/tasks.ts', '@nestjs/common'],
  ['apps/task/src/waits.spec.ts', '../../../libs/testing/src/index.js'],
];

interface Violation {
  readonly from: string;
  readonly rule: { readonly name: string };
}

let folder: string;
let found: string[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'taskwire-imports-'));
  const write = async (path: string, text: string) => {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  };
  for (const name of ['kafkajs', 'amqplib', '@prisma/client', '@nestjs/common']) {
    await write(`node_modules/${name}/package.json`, JSON.stringify({ name, main: 'index.js' }));
    await write(`node_modules/${name}/index.js`, '');
  }
  for (const index of ['apps/task', 'libs/outbox', 'libs/testing'])
    await write(`${index}/src/index.ts`, 'export {};\n');
  for (const [file, imported] of [...Object.values(VIOLATIONS), ...ALLOWED])
    await write(file, `import * as imported from '${imported}';\nexport default imported;\n`);
  await write('libs/service/src/hen.ts', "import * as egg from './egg.js';\nexport default egg;\n");
  await write('tsconfig.json', JSON.stringify({ compilerOptions: { module: 'nodenext' } }));
  await write('package.json', JSON.stringify({ type: 'module' }));
  found = (await violationsIn(folder)).map(({ from, rule }) => `${rule.name}: ${from}`);
}, 60_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

async function violationsIn(cwd: string): Promise<Violation[]> {
  const args = ['--config', config, '--output-type', 'json', 'apps', 'libs'];
  const output = await new Promise<string>((resolve, reject) => {
    // It ends with the number of violations.
    execFile(process.execPath, [cruiser, ...args], { cwd, maxBuffer: 2 ** 26 }, (_, stdout, stderr) =>
      stdout === '' ? reject(new Error(stderr)) : resolve(stdout),
    );
  });
  return (JSON.parse(output) as { summary: { violations: Violation[] } }).summary.violations;
}

describe('the import rules', () => {
  it.each(rules.forbidden.map(({ name }) => name))('notice a violation of %s', (name) => {
    const [file] = VIOLATIONS[name] ?? [];

    expect(file).toBeDefined();
    expect(found).toContain(`${name}: ${file}`);
  });

  it('find nothing else', () => {
    const files = new Set(Object.values(VIOLATIONS).map(([file]) => file));
    const others = found.filter((violation) => !files.has(violation.split(': ')[1] ?? ''));

    expect(others).toEqual([]);
  });
});
