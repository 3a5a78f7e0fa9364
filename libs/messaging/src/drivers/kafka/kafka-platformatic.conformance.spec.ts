import { describe } from '@jest/globals';
import { hasKafka } from '@taskwire/testing';
import { kafkaConformance } from './conformance.fixture.js';

(hasKafka() ? describe : describe.skip)('with Kafka (KAFKA_BROKERS)', () => {
  kafkaConformance('platformatic');
});
