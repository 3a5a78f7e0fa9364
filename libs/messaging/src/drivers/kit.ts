export { Delivery, type DeliveryOptions } from '../delivery/delivery.js';
export type { HeldPartition, PartitionEvents } from '../delivery/held-partition.js';
export { ForgetRefusal } from './forget-refusal.js';
export { groupDifference, topicDifference } from './topology-difference.js';
