import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePorts } from './free-ports.js';

const SCRIPT = join(import.meta.dirname, '../../../deploy/kafka/local.sh');
const COMMAND_TIMEOUT_MS = 90_000;

export interface LocalKafka {
  readonly address: string;
  /** As a power cut would. */
  kill(): Promise<void>;
  start(): Promise<void>;
  /** Ends it and removes its data. */
  remove(): Promise<void>;
}

/** A broker of the test's own, which it may kill. Needs java, and its jars from an earlier start or mvn. */
export async function startLocalKafka(): Promise<LocalKafka> {
  const folder = await mkdtemp(join(tmpdir(), 'taskwire-kafka-'));
  const [port = 0, controllerPort = 0] = await freePorts(2);
  const env = {
    ...process.env,
    KAFKA_DATA: folder,
    KAFKA_PORT: String(port),
    KAFKA_CONTROLLER_PORT: String(controllerPort),
  };
  const run = async (command: string): Promise<void> => {
    await promisify(execFile)(SCRIPT, [command], { env, timeout: COMMAND_TIMEOUT_MS });
  };
  const kafka: LocalKafka = {
    address: `127.0.0.1:${port}`,
    kill: () => run('kill'),
    start: () => run('start'),
    remove: async () => {
      await run('kill');
      await rm(folder, { recursive: true, force: true });
    },
  };
  try {
    await kafka.start();
  } catch (error) {
    await kafka.remove();
    throw error;
  }
  return kafka;
}
