import { type FaultProxy, faultProxy, freePorts, kafkaProxy } from '@taskwire/testing';
import type { Random } from './random.ts';

/** A way from one app to a server, which can be made bad. */
export interface Link {
  readonly proxy: FaultProxy;
  /** The app's settings, by which it takes this way. */
  readonly env: NodeJS.ProcessEnv;
  close(): Promise<void>;
}

/** `setting` is the variable that holds the URL. */
export async function linkTo(setting: string, url: string, random: Random): Promise<Link> {
  const { host } = new URL(url);
  const proxy = await openProxy(host, random);
  return { proxy, env: { [setting]: proxy.through(url) }, close: () => proxy.close() };
}

/** To each broker that a service's settings name. */
export async function linksToBus(env: NodeJS.ProcessEnv, random: Random): Promise<Link[]> {
  const { BUS_DATABASE_URL, RABBITMQ_URL, KAFKA_BROKERS = '' } = env;
  if (BUS_DATABASE_URL !== undefined) return [await linkTo('BUS_DATABASE_URL', BUS_DATABASE_URL, random)];
  if (RABBITMQ_URL !== undefined) return [await linkTo('RABBITMQ_URL', RABBITMQ_URL, random)];
  return linksToKafka(KAFKA_BROKERS.split(','), random);
}

/** Kafka tells its clients where to come back to; a second proxy behind the first tells them the first. */
async function linksToKafka(brokers: readonly string[], random: Random): Promise<Link[]> {
  const ways = await Promise.all(
    brokers.map(async (broker) => {
      const telling = await kafkaProxy(broker);
      return { broker, telling, proxy: await openProxy(telling.address, random) };
    }),
  );
  const advertised = new Map(ways.map(({ broker, proxy }) => [broker, proxy.address]));
  const env = { KAFKA_BROKERS: [...advertised.values()].join(',') };
  return ways.map(({ telling, proxy }) => {
    telling.advertised = advertised;
    const close = async () => {
      await proxy.close();
      await telling.close();
    };
    return { proxy, env, close };
  });
}

/** On a port that no outgoing connection takes while the proxy is down. */
async function openProxy(target: string, random: Random): Promise<FaultProxy> {
  const [port = 0] = await freePorts(1);
  return faultProxy({ target, port, random: random.next });
}
