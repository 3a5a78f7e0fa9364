export { RabbitmqDriver, rabbitmqDriver } from './rabbitmq-driver.js';
export type { RabbitmqDriverOptions } from './settings.js';
