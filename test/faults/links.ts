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

/** To the broker that a service's settings name. */
export function linkToBus(env: NodeJS.ProcessEnv, random: Random): Promise<Link> {
  const { BUS_DATABASE_URL, RABBITMQ_URL, KAFKA_BROKERS } = env;
  if (BUS_DATABASE_URL !== undefined) return linkTo('BUS_DATABASE_URL', BUS_DATABASE_URL, random);
  if (RABBITMQ_URL !== undefined) return linkTo('RABBITMQ_URL', RABBITMQ_URL, random);
  return linkToKafka(KAFKA_BROKERS?.split(',')[0] ?? '', random);
}

/** Kafka tells its clients where to come back to; a second proxy behind the first tells them the first. */
async function linkToKafka(broker: string, random: Random): Promise<Link> {
  const telling = await kafkaProxy(broker);
  const proxy = await openProxy(telling.address, random);
  telling.advertised = proxy.address;
  const close = async () => {
    await proxy.close();
    await telling.close();
  };
  return { proxy, env: { KAFKA_BROKERS: proxy.address }, close };
}

/** On a port that no outgoing connection takes while the proxy is down. */
async function openProxy(target: string, random: Random): Promise<FaultProxy> {
  const [port = 0] = await freePorts(1);
  return faultProxy({ target, port, random: random.next });
}
