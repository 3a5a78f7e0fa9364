import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { json } from 'node:stream/consumers';
import { z } from 'zod';
import { messageOf } from './channel.js';
import type { Settings } from './settings.js';

const TIMEOUT_MS = 10_000;
/** Of what a start can do without. */
const LOOK_TIMEOUT_MS = 2_000;
/** From the port of AMQP to that of the management plugin, as RabbitMQ's own defaults are: 5672 and 15672. */
const PORT_OFFSET = 10_000;
const LAST_PORT = 65_535;
const DEFAULT_PORTS: Readonly<Record<string, number>> = { 'amqp:': 5672, 'amqps:': 5671 };

const Bindings = z.array(
  z.object({
    source: z.string(),
    destination: z.string(),
    destination_type: z.enum(['queue', 'exchange']),
    routing_key: z.string(),
  }),
);

export type Binding = z.infer<typeof Bindings>[number];

const Consumers = z.array(
  z.object({
    consumer_tag: z.string(),
    queue: z.object({ name: z.string() }),
    channel_details: z.object({ peer_host: z.string().optional(), user: z.string().optional() }),
  }),
);

export type QueueConsumer = z.infer<typeof Consumers>[number];

const Queues = z.array(
  z.object({
    name: z.string(),
    arguments: z.looseObject({ 'x-delivery-limit': z.number().optional() }),
    /** Not told before the queue's first report, 5 s after its node has started. */
    effective_policy_definition: z.looseObject({ 'delivery-limit': z.number().optional() }).optional(),
  }),
);

export interface QueuePolicy {
  /** Whether the queue has the argument. */
  readonly hasDeliveryLimit: boolean;
  /** By policies. */
  readonly deliveryLimit: number | undefined;
  /** False for some seconds after a start of its node: its policies aren't told yet. */
  readonly isReported: boolean;
}

/** Every binding of the virtual host. AMQP lists nothing; the HTTP API of RabbitMQ's management plugin does. */
export async function readBindings(settings: Settings): Promise<readonly Binding[]> {
  return demand('bindings', settings, 'which groups there are', Bindings);
}

/** The same, undefined where the plugin does not tell. */
export async function lookAtBindings(settings: Settings): Promise<readonly Binding[] | undefined> {
  try {
    return Bindings.parse(await read(managementUrl(settings), 'bindings', settings, LOOK_TIMEOUT_MS));
  } catch {
    return undefined;
  }
}

/** Of every queue of the virtual host, as of some seconds ago. */
export async function readQueuePolicies(settings: Settings): Promise<ReadonlyMap<string, QueuePolicy>> {
  const queues = await demand(
    'queues',
    settings,
    'whether a policy lifts the delivery limit of queues',
    Queues,
  );
  return new Map(
    queues.map(({ name, arguments: given, effective_policy_definition: policy }) => [
      name,
      {
        hasDeliveryLimit: given['x-delivery-limit'] !== undefined,
        deliveryLimit: policy?.['delivery-limit'],
        isReported: policy !== undefined,
      },
    ]),
  );
}

async function demand<T>(
  what: string,
  settings: Settings,
  knowledge: string,
  schema: z.ZodType<T>,
): Promise<T> {
  const url = managementUrl(settings);
  try {
    return schema.parse(await read(url, what, settings, TIMEOUT_MS));
  } catch (error) {
    throw new Error(
      `rabbitmq bus: only RabbitMQ's management plugin tells ${knowledge}, and at ${url.host} it does not ` +
        `(${messageOf(error)}): rabbitmq-plugins enable rabbitmq_management, or set RABBITMQ_MANAGEMENT_URL (option ` +
        'managementUrl of the driver) to where it is',
      { cause: error },
    );
  }
}

/** Every consumer in the virtual host, as of some seconds ago; undefined where the plugin does not tell. */
export async function readConsumers(settings: Settings): Promise<readonly QueueConsumer[] | undefined> {
  try {
    return Consumers.parse(await read(managementUrl(settings), 'consumers', settings, LOOK_TIMEOUT_MS));
  } catch {
    return undefined;
  }
}

/** With a slash at its end, and without credentials: those of AMQP are used. */
function managementUrl({ url, managementUrl }: Settings): URL {
  if (managementUrl !== undefined) return new URL(managementUrl.replace(/\/?$/, '/'));
  const { protocol, hostname, port } = new URL(url);
  const offset = Number(port || DEFAULT_PORTS[protocol]) + PORT_OFFSET;
  const scheme = protocol === 'amqps:' ? 'https' : 'http';
  return new URL(`${scheme}://${hostname}:${String(Math.min(offset, LAST_PORT))}/`);
}

/** Of the virtual host and with the credentials that AMQP has. */
function read(management: URL, what: string, { url, tls }: Settings, timeout: number): Promise<unknown> {
  const { username, password, pathname } = new URL(url);
  const vhost = pathname.length > 1 ? pathname.slice(1) : '%2F';
  const auth = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  const options = { auth, signal: AbortSignal.timeout(timeout) };
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  const place = new URL(`api/${what}/${vhost}`, management);
  const sent =
    place.protocol === 'https:' ? requestHttps(place, { ...tls, ...options }) : requestHttp(place, options);
  sent.on('error', reject);
  sent.on('response', (response) => {
    if (response.statusCode === 200) return resolve(json(response));
    response.resume();
    reject(new Error(`it answers ${String(response.statusCode)}`));
  });
  sent.end();
  return promise;
}
