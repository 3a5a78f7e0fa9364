import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { dataRoot } from './data-root.js';
import { freeNodePort, freePorts } from './free-ports.js';

const SCRIPTS = join(import.meta.dirname, '../../../deploy');
const COMMAND_TIMEOUT_MS = 90_000;

export interface LocalBroker {
  /** As its clients are told: `host:port` of Kafka, the URL of RabbitMQ. */
  readonly address: string;
  /** As a power cut would. */
  kill(): Promise<void>;
  start(): Promise<void>;
  /** Ends it and removes its data. */
  remove(): Promise<void>;
}

/** The same with `rabbitmqctl`, which answers what it prints. */
export interface LocalRabbitmq extends LocalBroker {
  ctl(...command: string[]): Promise<string>;
}

/**
 * A Kafka of the test's own, which it may kill. Needs java, and its jars from an earlier start or mvn. `settings` are more
 * variables of its script.
 */
export async function startLocalKafka(settings: NodeJS.ProcessEnv = {}): Promise<LocalBroker> {
  const [port = 0, controllerPort = 0] = await freePorts(2);
  const { broker } = await startLocal('kafka', (folder) => ({
    ...settings,
    KAFKA_DATA: folder,
    KAFKA_PORT: String(port),
    KAFKA_CONTROLLER_PORT: String(controllerPort),
  }));
  return broker;
}

/**
 * Kafka brokers that copy each message to all of them; it counts when two have it. Each may be killed alone: another one
 * leads its partitions then. Takes 512 MB for each.
 */
export async function startLocalKafkaCluster(count: number): Promise<LocalBroker[]> {
  const ports = await freePorts(2 * count);
  const [own, controllers] = [ports.slice(0, count), ports.slice(count)];
  const voters = controllers.map((port, index) => `${index + 1}@127.0.0.1:${port}`).join(',');
  const id = randomBytes(16).toString('hex').slice(0, 22);
  const starting = own.map((port, index) =>
    startLocal('kafka', (folder) => {
      const extra = join(folder, 'cluster.properties');
      writeFileSync(
        extra,
        CLUSTER.replaceAll('COUNT', String(count)) +
          `node.id=${index + 1}\ncontroller.quorum.voters=${voters}\n`,
      );
      return {
        ...{
          KAFKA_DATA: folder,
          KAFKA_PORT: String(port),
          KAFKA_CONTROLLER_PORT: String(controllers[index]),
        },
        ...{ KAFKA_CLUSTER_ID: id, KAFKA_EXTRA: extra },
      };
    }),
  );
  const started = await Promise.allSettled(starting);
  const brokers = started.flatMap((one) => (one.status === 'fulfilled' ? [one.value.broker] : []));
  const failed = started.find((one) => one.status === 'rejected');
  if (!failed) return brokers;
  await Promise.all(brokers.map((broker) => broker.remove()));
  throw failed.reason;
}

const CLUSTER = `default.replication.factor=COUNT
offsets.topic.replication.factor=COUNT
min.insync.replicas=2
`;

/** A RabbitMQ node of the test's own, which it may kill. Needs rabbitmq-server. `settings` as of Kafka. */
export async function startLocalRabbitmq(settings: NodeJS.ProcessEnv = {}): Promise<LocalRabbitmq> {
  const port = await freeNodePort();
  const { broker, run } = await startLocal('rabbitmq', (folder) => ({
    ...settings,
    RABBITMQ_LOCAL_FOLDER: folder,
    RABBITMQ_LOCAL_PORT: String(port),
  }));
  return { ...broker, ctl: (...command) => run('ctl', ...command) };
}

interface Started {
  readonly broker: LocalBroker;
  /** Runs a command of its script and answers what that prints. */
  run(...command: string[]): Promise<string>;
}

async function startLocal(name: string, settings: (folder: string) => NodeJS.ProcessEnv): Promise<Started> {
  const folder = await mkdtemp(join(dataRoot(), `taskwire-${name}-`));
  const env = { ...process.env, ...settings(folder) };
  const script = join(SCRIPTS, name, 'local.sh');
  const run = async (...command: string[]): Promise<string> => {
    const { stdout } = await promisify(execFile)(script, command, { env, timeout: COMMAND_TIMEOUT_MS });
    return stdout.trim();
  };
  const remove = async () => {
    await run('kill');
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const address = await run('start');
    const broker: LocalBroker = {
      address,
      kill: async () => {
        await run('kill');
      },
      start: async () => {
        await run('start');
      },
      remove,
    };
    return { broker, run };
  } catch (error) {
    await remove();
    throw error;
  }
}
