import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  freePorts,
  type LocalBroker,
  startLocalKafka,
  startLocalKafkaCluster,
  startLocalRabbitmq,
} from '@taskwire/testing';
import type { BusName } from '../buses.ts';

/** A server of the run's own, which it may kill. */
export interface Server {
  readonly address: string;
  /** SIGKILL. */
  kill(): Promise<void>;
  start(): Promise<void>;
  remove(): Promise<void>;
}

export interface Servers {
  readonly postgres: Server;
  /** None where PostgreSQL is the bus; one of several at a time. */
  readonly broker?: Server;
  /** Whether the others go on without it. */
  readonly isCluster: boolean;
}

/** `brokers`: how many of Kafka. */
export async function startServers(bus: BusName, brokers: number): Promise<Servers> {
  const postgres = await startPostgres();
  try {
    switch (bus) {
      case 'postgres':
        return { postgres, isCluster: false };
      case 'rabbitmq':
        return { postgres, broker: await startLocalRabbitmq(), isCluster: false };
      case 'kafka': {
        const isCluster = brokers > 1;
        const broker = await (isCluster ? startKafkaCluster(brokers) : startLocalKafka());
        return { postgres, broker, isCluster };
      }
    }
  } catch (error) {
    await postgres.remove();
    throw error;
  }
}

/** Of which one is killed at a time, each in its turn. */
async function startKafkaCluster(count: number): Promise<Server> {
  const brokers = await startLocalKafkaCluster(count);
  let turn = 0;
  const next = () => brokers[turn % count] as LocalBroker;
  return {
    address: brokers.map(({ address }) => address).join(','),
    kill: () => next().kill(),
    start: async () => {
      await next().start();
      turn += 1;
    },
    remove: async () => {
      await Promise.all(brokers.map((broker) => broker.remove()));
    },
  };
}

const PROGRAMS = '../../apps/platform/dist/postgres';

/** What `npm start` embeds. Its writes survive its own death, which is what is tested, and no power cut. */
async function startPostgres(): Promise<Server> {
  const { startEmbeddedPostgres } = (await import(
    `${PROGRAMS}/embedded-postgres.js`
  )) as typeof import('../../apps/platform/src/postgres/embedded-postgres.js');
  const { signalServer } = (await import(
    `${PROGRAMS}/server-process.js`
  )) as typeof import('../../apps/platform/src/postgres/server-process.js');
  const { dataIn } = (await import(
    `${PROGRAMS}/places.js`
  )) as typeof import('../../apps/platform/src/postgres/places.js');

  const folder = mkdtempSync(join(tmpdir(), 'taskwire-faults-'));
  chmodSync(folder, 0o755);
  const [port = 0] = await freePorts(1);
  const settings = { fsync: 'off', full_page_writes: 'off', max_connections: '500', port: String(port) };
  let server = await startEmbeddedPostgres(folder, settings);
  return {
    address: server.url('postgres'),
    kill: async () => {
      signalServer(dataIn(server.folder), 'SIGKILL');
      await server.stop();
    },
    start: async () => {
      server = await startEmbeddedPostgres(folder, settings);
    },
    remove: async () => {
      await server.stop();
      for (const path of [server.folder, folder]) rmSync(path, { recursive: true, force: true });
    },
  };
}
