/** Where the tests find RabbitMQ; `npm test` starts a node of its own and says so here. */
export const rabbitmqUrl = process.env.RABBITMQ_URL ?? '';

const HOW = 'set RABBITMQ_URL to what deploy/rabbitmq/local.sh start prints';

/** Whether there is a RabbitMQ for tests. With `CI=true` a missing one is an error. */
export function hasRabbitmq(): boolean {
  if (rabbitmqUrl !== '') return true;
  if (process.env.CI === 'true') throw new Error(`no RabbitMQ for tests: ${HOW}`);
  process.stdout.write(`no RabbitMQ for tests, those that need it are skipped: ${HOW}\n`);
  return false;
}
