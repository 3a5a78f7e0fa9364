import { partitionOf } from '@taskwire/messaging';

export const PARTITIONS = 8;

/** Topics, exchanges and queues of the two peers; Taskwire has its own. */
export const minimal = {
  commands: 'minimal.commands',
  events: 'minimal.events',
  replies: 'minimal.replies',
  group: 'minimal.task',
  /** Whoever subscribes to the events: on RabbitMQ each has queues of its own, as Taskwire's two subscribers have. */
  subscribers: ['one', 'two'],
};

export const nest = {
  create: 'nest.task.create',
  created: 'nest.task.created',
  queue: 'nest.tasks',
  events: 'nest.events',
};

export const partitionOfOwner = (owner: string): number => partitionOf(owner, PARTITIONS);

export const queueOf = (name: string, partition: number): string => `${name}.${partition}`;
