export { KafkaDriver, kafkaDriver } from './kafka-driver.js';
export type { KafkaClientName, KafkaDriverOptions, KafkaSasl } from './settings.js';
