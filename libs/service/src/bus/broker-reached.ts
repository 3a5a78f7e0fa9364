import { setTimeout as sleep } from 'node:timers/promises';
import { ConnectError, type ConnectReason, type Driver } from '@taskwire/messaging';
import { type BusConfig, readBusConfig } from '../config.js';
import { createDriver } from './driver.js';

const SAY_EVERY_MS = 5_000;
const TRY_EVERY_MS = 500;

/**
 * Connects, and waits for a broker that is not there yet, for as long as it takes: whoever started the process sees every
 * 5 s what is missing and how to start one, and can end it. What a broker answers to bad credentials is such a wait too:
 * its users may be made later. PostgreSQL as the bus is not waited for, since no service starts without its database.
 */
export async function brokerReached(
  driver: Driver,
  config: BusConfig,
  say: (text: string) => void,
): Promise<void> {
  let saidAt = -Infinity;
  for (;;) {
    try {
      await driver.connect();
      return;
    } catch (error) {
      const how = advice(config);
      if (how === undefined) throw error;
      if (performance.now() - saidAt >= SAY_EVERY_MS) {
        saidAt = performance.now();
        say(`${how.what} ${said(error, how)}`);
      }
      await sleep(TRY_EVERY_MS);
    }
  }
}

/** Waits for the broker that the environment names, before anything else is started. */
export async function awaitBroker(env: NodeJS.ProcessEnv, say: (text: string) => void): Promise<void> {
  const config = readBusConfig(env);
  if (advice(config) === undefined) return;
  const driver = await createDriver(config, () => undefined);
  await brokerReached(driver, config, say);
  await driver.close();
}

interface Advice {
  readonly what: string;
  /** What to do about a broker that isn't there, about credentials that it refuses, about its certificate. */
  readonly mend: Readonly<Record<ConnectReason, string>>;
}

function advice(config: BusConfig): Advice | undefined {
  switch (config.BUS) {
    case 'rabbitmq': {
      const { host } = new URL(config.RABBITMQ_URL);
      return {
        what: `RabbitMQ at ${host}`,
        mend: {
          unreachable:
            'start one ("docker run -p 127.0.0.1:5672:5672 rabbitmq:4", or "deploy/rabbitmq/local.sh start"), or set RABBITMQ_URL, with amqps: where it wants TLS',
          credentials: 'check user and password in RABBITMQ_URL',
          certificate: 'set RABBITMQ_CA_FILE to the certificate of its authority',
        },
      };
    }
    case 'kafka':
      return {
        what: `Kafka at ${config.KAFKA_BROKERS}`,
        mend: {
          unreachable:
            'start one ("docker run -p 127.0.0.1:9092:9092 apache/kafka:4.1.1", or "deploy/kafka/local.sh start"), or set KAFKA_BROKERS, with KAFKA_TLS and KAFKA_USERNAME where it wants them',
          credentials: 'check KAFKA_USERNAME, KAFKA_PASSWORD and KAFKA_SASL_MECHANISM',
          certificate: 'set KAFKA_CA_FILE to the certificate of its authority',
        },
      };
    case 'postgres':
    case 'memory':
      return undefined;
  }
}

const SAID: Readonly<Record<ConnectReason, string>> = {
  unreachable: "can't be reached",
  credentials: 'refuses the credentials',
  certificate: 'shows a certificate that is not trusted',
};

/** Never with the URL, which holds the password. */
function said(error: unknown, { mend }: Advice): string {
  const { reason, message } = error instanceof ConnectError ? error : ConnectError.of(error, false);
  return `${SAID[reason]} (${message}), waiting for it: ${mend[reason]}`;
}
