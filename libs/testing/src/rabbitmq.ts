/** Where the tests find RabbitMQ; `npm test` starts a node of its own and says so here. */
export const rabbitmqUrl = process.env.RABBITMQ_URL ?? '';

/** Where its management plugin is. */
export const rabbitmqManagementUrl = process.env.RABBITMQ_MANAGEMENT_URL ?? managementUrl();

const HOW = 'set RABBITMQ_URL to what deploy/rabbitmq/local.sh start prints';

/** Whether there is a RabbitMQ for tests. With `CI=true` a missing one is an error. */
export function hasRabbitmq(): boolean {
  if (rabbitmqUrl !== '') return true;
  if (process.env.CI === 'true') throw new Error(`no RabbitMQ for tests: ${HOW}`);
  process.stdout.write(`no RabbitMQ for tests, those that need it are skipped: ${HOW}\n`);
  return false;
}

/** Whether its management plugin is there. With `CI=true` a missing one is an error. */
export async function hasRabbitmqManagement(): Promise<boolean> {
  if (rabbitmqUrl === '') return false;
  const isThere = await fetch(rabbitmqManagementUrl).then(
    ({ ok }) => ok,
    () => false,
  );
  if (!isThere && process.env.CI === 'true')
    throw new Error(
      `no management plugin at ${new URL(rabbitmqManagementUrl).host}: rabbitmq-plugins enable rabbitmq_management`,
    );
  return isThere;
}

/** As of the node that deploy/rabbitmq/local.sh starts, and by RabbitMQ's own defaults. */
function managementUrl(): string {
  if (rabbitmqUrl === '') return '';
  const { hostname, port } = new URL(rabbitmqUrl);
  return `http://${hostname}:${Number(port || 5672) + 10_000}/`;
}
