import { describe } from '@jest/globals';
import { findKafka } from '@taskwire/testing';
import { kafkaConformance } from './conformance.fixture.js';

((await findKafka()) ? describe : describe.skip)('with Kafka (KAFKA_BROKERS)', () => {
  kafkaConformance('kafkajs');
});
