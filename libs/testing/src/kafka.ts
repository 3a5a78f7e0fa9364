/** Where the tests find Kafka, its brokers' addresses; `npm test` starts one of its own and says so here. */
export const kafkaBrokers = process.env.KAFKA_BROKERS?.split(',') ?? [];

const HOW = 'set KAFKA_BROKERS to what deploy/kafka/local.sh start prints';

/** Whether there is a Kafka for tests. With `CI=true` a missing one is an error. */
export function hasKafka(): boolean {
  if (kafkaBrokers.length > 0) return true;
  if (process.env.CI === 'true') throw new Error(`no Kafka for tests: ${HOW}`);
  process.stdout.write(`no Kafka for tests, those that need it are skipped: ${HOW}\n`);
  return false;
}
