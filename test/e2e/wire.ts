import { rabbitmqUrl, type Wiretap, wiretap } from '@taskwire/testing';
import type { BusName } from '../buses.js';

/** Kafka's replies are in a topic; those of the others are only seen on their way. */
export function wireOf(name: BusName): Promise<Wiretap> | undefined {
  switch (name) {
    case 'postgres':
      return wiretap(hostOf(process.env.TEST_POSTGRES_URL ?? '', 5432));
    case 'rabbitmq':
      return wiretap(hostOf(rabbitmqUrl, 5672));
    case 'kafka':
      return undefined;
  }
}

function hostOf(url: string, defaultPort: number): string {
  const { hostname, port } = new URL(url);
  return `${hostname}:${port || defaultPort}`;
}

export function throughTo({ address }: Wiretap, url: string): string {
  const through = new URL(url);
  through.host = address;
  return through.href;
}

/** The replies of PostgreSQL are notifications, which hold bodies in base64. */
export const withBase64 = (text: string): string =>
  text +
  [...text.matchAll(/[A-Za-z0-9+/]{16,}={0,2}/g)]
    .map(([digits]) => Buffer.from(digits, 'base64').toString())
    .join('\n');
