import type { ConsumerOptions, Deliver } from '../../driver.js';
import type { ProducerPort } from './client.js';
import type { GroupSession } from './group-consumer.js';
import { KafkajsGroupSession } from './kafkajs/group-session.js';
import { kafkajs } from './kafkajs/package.js';
import { KafkajsProducer } from './kafkajs/producer.js';
import type { Outage } from './outage.js';
import { type GroupTopic, PlatformaticGroupSession } from './platformatic/group-session.js';
import { PlatformaticProducer } from './platformatic/producer.js';
import type { Settings } from './settings.js';

/** What the clients are interchangeable in. */
export interface Clients {
  producer(): ProducerPort;
  group(
    group: string,
    topics: readonly GroupTopic[],
    deliver: Deliver,
    options: ConsumerOptions,
  ): GroupSession;
}

export function clientsOf(settings: Settings, outage: Outage): Clients {
  switch (settings.client) {
    case 'platformatic':
      return {
        producer: () => new PlatformaticProducer(settings),
        group: (...args) => new PlatformaticGroupSession(settings, outage, ...args),
      };
    case 'kafkajs':
      // A package that is missing is told when the driver is made, not when it connects.
      kafkajs();
      return {
        producer: () => new KafkajsProducer(settings),
        group: (...args) => new KafkajsGroupSession(settings, outage, ...args),
      };
  }
}
