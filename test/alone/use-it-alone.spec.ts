import { randomBytes } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TaskCreated } from '@taskwire/contracts';
import { Bus, type Driver, topologyOf } from '@taskwire/messaging';
import { kafkaDriver } from '@taskwire/messaging/kafka';
import { postgresDriver } from '@taskwire/messaging/postgres';
import { rabbitmqDriver } from '@taskwire/messaging/rabbitmq';
import { removePrefix } from '@taskwire/messaging/testing/kafka';
import { removeTopology } from '@taskwire/messaging/testing/rabbitmq';
import {
  createTestDatabase,
  hasKafka,
  hasKcat,
  hasRabbitmq,
  kafkaBrokers,
  rabbitmqUrl,
  taskFact,
  type TestDatabase,
  until,
} from '@taskwire/testing';
import { BlankApp } from './blank-app.js';
import { type Block, blocksOf } from './guide.js';
import { succeed } from './process.js';

const CLIENTS = ['amqplib', 'kafkajs', '@platformatic/kafka', '@jest/globals', '@nestjs/platform-express'];
const prefix = `alone-${randomBytes(4).toString('hex')}.`;
const withRabbitmq = hasRabbitmq();
const withKafka = hasKafka();
const brokers = ['postgres', ...(withRabbitmq ? ['rabbitmq'] : []), ...(withKafka ? ['kafka'] : [])];

let app: BlankApp;
let databases: TestDatabase[];
let installedAtFirst: string[];
let complaints: string;

const databaseOf = (index: number): string => databases[index]?.url ?? '';

function environment(bus: string, database = databaseOf(0)): Record<string, string> {
  return {
    BUS: bus,
    BUS_PREFIX: prefix,
    BUS_DATABASE_URL: databaseOf(1),
    RABBITMQ_URL: rabbitmqUrl,
    KAFKA_BROKERS: kafkaBrokers.join(','),
    DATABASE_URL: database,
  };
}

async function packagesOf(folder: string): Promise<string[]> {
  const names = await readdir(join(folder, 'node_modules'));
  const scoped = names.filter((name) => name.startsWith('@'));
  const inScopes = await Promise.all(
    scoped.map(async (scope) =>
      (await readdir(join(folder, 'node_modules', scope))).map((name) => `${scope}/${name}`),
    ),
  );
  return [...names, ...inScopes.flat()];
}

beforeAll(async () => {
  databases = await Promise.all(Array.from({ length: 7 }, () => createTestDatabase()));
  app = await BlankApp.create();
  const guide = await blocksOf('use-it-alone.md');
  const blockOf = (file: string): Block => {
    const found = guide.find((block) => block.file === file);
    if (!found) throw new Error(`use-it-alone.md has no block ${file}`);
    return found;
  };
  const others = ['subscribe-from-your-own-service.md', 'add-a-driver.md'];
  const files = [...guide, ...(await Promise.all(others.map(blocksOf))).flat()];

  await app.follow(joined(blockOf('install.sh'), blockOf('install-outbox.sh')));
  installedAtFirst = await packagesOf(app.folder);

  const more = joined(
    blockOf('install-rabbitmq.sh'),
    blockOf('install-kafka.sh'),
    blockOf('prisma-setup.sh'),
  );
  await app.follow(more);
  for (const block of files.filter(({ language }) => language !== 'sh')) await app.write(block);
  await app.follow(blockOf('prisma-generate.sh'), { DATABASE_URL: databaseOf(2) });
  complaints = await app.compile();
}, 180_000);

/** One `npm install` for several blocks: a stranger runs them one after the other, to the same end. */
const joined = (...blocks: readonly Block[]): Block => ({
  language: 'sh',
  file: '',
  text: blocks.map(({ text }) => text).join(''),
});

afterAll(async () => {
  await app.remove();
  const groups = ['orders', 'billing', 'crm.tasks'];
  const topics = ['order.commands.v1', 'orders.v1', 'task.events.v1'];
  if (withRabbitmq) {
    await removeTopology(rabbitmqUrl, prefix, {
      topics: topics.map((name) => ({ name, partitions: 8, retentionMs: 0 })),
      groups: groups.map((name) => ({ name, topics, from: 'now' })),
    });
  }
  if (withKafka) await removePrefix(kafkaBrokers, prefix);
  await Promise.all(databases.map((database) => database.drop()));
}, 60_000);

describe('the packed libraries', () => {
  it('hold code, declarations, README and license, and nothing that only our tests need', () => {
    for (const { name, files, dependencies } of app.libraries) {
      expect(files).toEqual(expect.arrayContaining(['README.md', 'LICENSE', 'package.json']));
      expect(files.filter((file) => /\.(spec|fixture)\.|\.tsbuildinfo|^tsconfig/.test(file))).toEqual([]);
      const scripts = files.filter((file) => file.endsWith('.js'));
      const declared = scripts.filter((file) => !files.includes(file.replace(/\.js$/, '.d.ts')));
      expect([name, declared]).toEqual([name, []]);
      const ours = Object.keys(dependencies).filter((on) => on.startsWith('@taskwire/'));
      expect([name, ours]).toEqual([name, []]);
    }
    const [outbox] = app.libraries;
    expect(outbox?.files).toEqual(
      expect.arrayContaining(['prisma/messaging.prisma', 'prisma/migration.sql']),
    );
  });

  it('bring no client of a broker that was not asked for', () => {
    expect(installedAtFirst).toEqual(
      expect.arrayContaining(['@taskwire/messaging', '@taskwire/outbox', 'pg']),
    );
    expect(CLIENTS.filter((client) => installedAtFirst.includes(client))).toEqual([]);
  });

  it('name only files that are in them', () => {
    for (const { files, exports } of app.libraries) {
      const named = Object.values(exports).flatMap((entry) =>
        typeof entry === 'string' ? [entry] : Object.values(entry),
      );
      const missing = named.filter((path) => !path.includes('*') && !files.includes(path.replace('./', '')));
      expect(missing).toEqual([]);
    }
  });
});

describe('a blank Nest app that follows "use it alone"', () => {
  it('compiles, strictly and with the checks of all declarations that it uses', () => {
    expect(complaints).toBe('');
  });

  it('publishes and handles', async () => {
    const house = app.start(['dist/hello.js'], {});
    await until('the guest', () => house.printed() !== '');
    expect(await house.stop()).toEqual({ code: 0, stdout: 'Come in, Ada\n', stderr: '' });
  });

  it.each(['memory', ...brokers])('takes orders once over %s, in plain transactions of pg', async (bus) => {
    const printed = (await blocksOf('use-it-alone.md')).find(({ file }) => file === 'printed.json');
    const database = databaseOf(3 + ['memory', ...brokers].indexOf(bus));
    const { code, stdout, stderr } = await app.node(['dist/main.js'], environment(bus, database));
    expect([code, code === 0 || stderr]).toEqual([0, true]);
    expect(JSON.parse(stdout)).toEqual(JSON.parse(printed?.text ?? ''));
  });

  it('is told which client is missing, and how to get it', async () => {
    const script = `import { kafkaDriver } from '@taskwire/messaging/kafka';
      kafkaDriver({ brokers: ['127.0.0.1:9092'], client: 'kafkajs' });`;
    const { code, stderr } = await app.node(['--input-type=module', '--eval', script]);
    expect([code, stderr]).toEqual([1, expect.stringContaining('npm install kafkajs')]);
  });

  it("writes and publishes in one of Prisma's transactions", async () => {
    const result = await app.node(['dist/prisma-shop.js'], environment('postgres', databaseOf(2)));
    expect(result).toMatchObject({ code: 0, stdout: 'billed order-1, stored 1\n' });
  });

  it('uses the fault kit in a test of its own', async () => {
    const { code, stdout } = await app.node(['--test', 'dist/shop.test.js'], environment('memory'));
    expect([code, code === 0 || stdout]).toEqual([0, true]);
  });
});

describe('somebody else’s service that follows "subscribe from your own service"', () => {
  const drivers: Record<string, () => Driver> = {
    postgres: () => postgresDriver({ url: databaseOf(1) }),
    rabbitmq: () => rabbitmqDriver({ url: rabbitmqUrl, prefix }),
    kafka: () => kafkaDriver({ brokers: kafkaBrokers, prefix }),
  };

  async function publish(bus: string, title: string): Promise<void> {
    const driver = drivers[bus]?.();
    if (!driver) throw new Error(`no driver ${bus}`);
    const platform = new Bus({ driver, topology: topologyOf([TaskCreated], []) });
    await platform.start();
    await platform.publish(TaskCreated, { task: taskFact({ title }) });
    await platform.close();
  }

  it.each(brokers)('hears of tasks over %s', async (bus) => {
    const service = app.start(['dist/follow-tasks.js'], environment(bus));
    await until('the service', () => service.printed().includes('following'));
    await publish(bus, `Tea over ${bus}`);
    await until('the task', () => service.printed().includes(`: Tea over ${bus}\n`));
    expect(await service.stop()).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^following\ntask\.created\.v1 [-0-9a-f]{36}: Tea over/),
    });
  });

  (withKafka && hasKcat() ? it : it.skip)('reads them without the library, by kcat', async () => {
    await publish('kafka', 'Milk');
    const guide = await blocksOf('subscribe-from-your-own-service.md');
    const command = guide.find(({ file }) => file === 'follow-kafka.sh')?.text ?? '';
    const printed = await succeed('sh', ['-c', command], { cwd: app.folder, env: environment('kafka') });
    expect(printed).toMatch(/ce_type=task\.created\.v1,.*content-type=application\/json.*"title":"Milk"/);
  });

  (withRabbitmq ? it : it.skip)('hears of them without the library, by a plain queue', async () => {
    const service = app.start(['dist/follow-rabbitmq.js'], environment('rabbitmq'));
    await until('the service', () => service.printed().includes('following'));
    await publish('rabbitmq', 'Coffee');
    await until('the task', () => /task\.created\.v1 [-0-9a-f]{36}: Coffee/.test(service.printed()));
    expect((await service.stop()).code).toBe(0);
  });
});
