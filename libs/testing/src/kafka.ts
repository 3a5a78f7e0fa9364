import { connect } from 'node:net';

const CONNECT_TIMEOUT_MS = 2_000;

/** Where the tests find Kafka: `KAFKA_BROKERS`, addresses with commas between, or its usual place on this machine. */
export const kafkaBrokers = (process.env['KAFKA_BROKERS'] ?? '127.0.0.1:9092').split(',');

/** Whether Kafka is there. With `CI=true` a missing one is an error. */
export async function findKafka(): Promise<boolean> {
  const [first = ''] = kafkaBrokers;
  const { hostname, port } = new URL(`kafka://${first}`);
  const isThere = await new Promise<boolean>((resolve) => {
    const socket = connect({ host: hostname, port: Number(port), timeout: CONNECT_TIMEOUT_MS });
    const end = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.on('connect', () => end(true));
    socket.on('timeout', () => end(false));
    socket.on('error', () => end(false));
  });
  if (!isThere && process.env['CI'] === 'true') {
    throw new Error(
      `there is no Kafka at ${first}: start one (deploy/kafka/local.sh start) or set KAFKA_BROKERS`,
    );
  }
  if (!isThere) process.stdout.write(`no Kafka at ${first}: its tests are skipped (set KAFKA_BROKERS)\n`);
  return isThere;
}
