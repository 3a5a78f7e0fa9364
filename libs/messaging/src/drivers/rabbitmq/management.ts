import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { json } from 'node:stream/consumers';
import { z } from 'zod';
import { messageOf } from './channel.js';
import type { Settings } from './settings.js';

const TIMEOUT_MS = 10_000;
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

/** Every binding of the virtual host. AMQP lists nothing; the HTTP API of RabbitMQ's management plugin does. */
export async function readBindings(settings: Settings): Promise<readonly Binding[]> {
  const url = managementUrl(settings);
  const { username, password, pathname } = new URL(settings.url);
  const vhost = pathname.length > 1 ? pathname.slice(1) : '%2F';
  const auth = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  try {
    const answer = await read(new URL(`api/bindings/${vhost}`, url), auth, settings);
    return Bindings.parse(answer);
  } catch (error) {
    throw new Error(
      `rabbitmq bus: only RabbitMQ's management plugin tells which groups there are, and at ${url.host} it does not ` +
        `(${messageOf(error)}): rabbitmq-plugins enable rabbitmq_management, or set RABBITMQ_MANAGEMENT_URL (option ` +
        'managementUrl of the driver) to where it is',
      { cause: error },
    );
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

function read(url: URL, auth: string, { tls }: Settings): Promise<unknown> {
  const options = { auth, timeout: TIMEOUT_MS, signal: AbortSignal.timeout(TIMEOUT_MS) };
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  const sent =
    url.protocol === 'https:' ? requestHttps(url, { ...tls, ...options }) : requestHttp(url, options);
  sent.on('error', reject);
  sent.on('response', (response) => {
    if (response.statusCode === 200) return resolve(json(response));
    response.resume();
    reject(new Error(`it answers ${String(response.statusCode)}`));
  });
  sent.end();
  return promise;
}
