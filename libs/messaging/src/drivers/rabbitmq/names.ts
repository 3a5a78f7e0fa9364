import { randomUUID } from 'node:crypto';

const CONSUMER = 'taskwire.';

/** The names of everything on the broker. AMQP 0-9-1 allows 255 bytes (short string). */
export class Names {
  constructor(private readonly prefix: string) {}

  exchange(topic: string): string {
    return this.prefix + topic;
  }

  queue(topic: string, group: string, partition: number): string {
    return `${this.prefix}${topic}.${group}.${String(partition)}`;
  }

  /** An empty queue whose length limit notes how many partitions the topic has. */
  layout(topic: string): string {
    return `${this.prefix}${topic}.layout`;
  }

  /** The exchange by which the members of a group know each other. */
  members(group: string): string {
    return `${this.prefix}${group}.members`;
  }

  member(group: string, id: string): string {
    return `${this.members(group)}.${id}`;
  }

  /** Of a group's consumer, by which it is told from those that are none of ours. */
  newConsumerTag(): string {
    return CONSUMER + randomUUID();
  }

  isConsumerTag(tag: string): boolean {
    return tag.startsWith(CONSUMER);
  }

  replies(id: string): string {
    return `${this.prefix}replies.${id}`;
  }
}
