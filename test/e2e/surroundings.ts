import { randomBytes } from 'node:crypto';
import { hasRabbitmq, rabbitmqUrl } from '@taskwire/testing';
import { busUnder } from '../buses.js';

/** What the services stand on beside their stores. */
export interface Surroundings {
  /** Settings of every service. */
  readonly env: NodeJS.ProcessEnv;
  remove(): Promise<void>;
}

const BUSES = ['postgres', 'rabbitmq'] as const;
type TestBus = (typeof BUSES)[number];

/** `TEST_BUS=rabbitmq`: on RabbitMQ and, where `TEST_REDIS_URL` is, with Redis. Otherwise the embedded default, without it. */
function testBus(): TestBus {
  const name = process.env.TEST_BUS || 'postgres';
  const bus = BUSES.find((known) => known === name);
  if (bus === undefined) throw new Error(`TEST_BUS is ${name}: must be ${BUSES.join(' or ')}`);
  if (bus === 'rabbitmq' && !hasRabbitmq()) throw new Error('TEST_BUS=rabbitmq needs RABBITMQ_URL');
  return bus;
}

/** Host and port of this run's bus, for a proxy in front of it. */
export function busTarget(): string {
  const url = testBus() === 'rabbitmq' ? rabbitmqUrl : (process.env.TEST_POSTGRES_URL ?? '');
  const { hostname, port } = new URL(url);
  return `${hostname}:${port || (testBus() === 'rabbitmq' ? 5672 : 5432)}`;
}

/** The bus of this run, reached through `through`; on the default in this database. */
export async function surroundings(
  databaseUrl: string,
  through: (url: string) => string,
): Promise<Surroundings> {
  if (testBus() === 'postgres') {
    return { env: { BUS: 'postgres', BUS_DATABASE_URL: through(databaseUrl) }, remove: async () => {} };
  }
  const { env, remove } = await busUnder('rabbitmq');
  return {
    env: { ...env, RABBITMQ_URL: through(rabbitmqUrl), ...redis() },
    remove,
  };
}

/** A part of Redis for one platform alone: another one's requests come from the same address, and would count. */
function redis(): NodeJS.ProcessEnv {
  const url = process.env.TEST_REDIS_URL;
  if (!url) return {};
  const own = new URL(url);
  own.searchParams.set('keyPrefix', `test-${randomBytes(4).toString('hex')}:`);
  return { REDIS_URL: own.href };
}
