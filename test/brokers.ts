import { hasKafka, hasRabbitmq } from '@taskwire/testing';
import type { BusName } from './buses.js';

/** The brokers that are there. With `CI=true` a missing one is an error. */
export const brokers: readonly Exclude<BusName, 'postgres'>[] = [
  ...(hasRabbitmq() ? (['rabbitmq'] as const) : []),
  ...(hasKafka() ? (['kafka'] as const) : []),
];
