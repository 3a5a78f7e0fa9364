import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Topology, TopologyDifference } from '../../contract/topology.js';
import {
  type Consumer,
  type ConsumerOptions,
  type Deliver,
  type Driver,
  type DriverHealth,
  type GroupLag,
  type GroupReading,
  type Headers,
  type IncomingMessage,
  type OutgoingMessage,
  SendError,
} from '../../driver.js';
import { MemoryBroadcastConsumer } from './broadcast-consumer.js';
import { MemoryBroker } from './broker.js';
import { MemoryGroupConsumer } from './group-consumer.js';

const RECONNECT_MS = 20;

type State = 'new' | 'up' | 'lost' | 'closed';
type ReplyListener = (correlationId: string, headers: Headers, body: Buffer) => void;

/** A bus inside one process, for fast tests: the same promises as the others, and faults on request. */
export class MemoryDriver implements Driver {
  readonly name = 'memory';
  readonly keepsMessages = true;
  readonly replyAddress = randomUUID();
  readonly #groups = new Set<MemoryGroupConsumer>();
  readonly #broadcasts = new Set<MemoryBroadcastConsumer>();
  #state: State = 'new';
  #sending: Promise<unknown> = Promise.resolve();
  #closing: Promise<void> | undefined;
  #onReply: ReplyListener | undefined;
  #onLost: (() => void) | undefined;

  constructor(private readonly broker: MemoryBroker) {}

  connect(): Promise<void> {
    if (this.#state === 'closed') return Promise.reject(new Error('memory bus: the driver is closed'));
    if (this.#state !== 'up') this.#up();
    return Promise.resolve();
  }

  declare(topology: Topology): Promise<void> {
    return this.#use(() => {
      this.broker.declare(topology);
    });
  }

  plan(topology: Topology): Promise<readonly TopologyDifference[]> {
    return this.#use(() => this.broker.plan(topology));
  }

  /** It shares the process's clock, and has no settings that could be wrong. */
  check(): Promise<readonly []> {
    return this.#use(() => []);
  }

  retention(topics: readonly string[]): Promise<ReadonlyMap<string, number>> {
    return this.#use(() => this.broker.retention(topics));
  }

  /** One after the other, which keeps the order of this process's calls. */
  send(messages: readonly OutgoingMessage[]): Promise<readonly (SendError | undefined)[]> {
    const sent = this.#sending.then(() => this.#send(messages));
    this.#sending = sent;
    return sent;
  }

  subscribe(
    group: string,
    topics: readonly string[],
    deliver: Deliver,
    options?: ConsumerOptions,
  ): Promise<Consumer> {
    return this.#use(() => {
      if ([...this.#groups].some((other) => other.name === group)) {
        throw new Error(
          `memory bus: this instance reads group ${group} already: subscribe once, with all its topics`,
        );
      }
      const consumer = new MemoryGroupConsumer(this.broker, group, topics, deliver, options, (closed) => {
        this.#groups.delete(closed);
      });
      this.#groups.add(consumer);
      consumer.join();
      return consumer;
    });
  }

  broadcast(
    topics: readonly string[],
    receive: (message: IncomingMessage) => void,
    resync: () => void,
  ): Promise<Consumer> {
    return this.#use(() => {
      const consumer = new MemoryBroadcastConsumer(this.broker, topics, receive, resync, (closed) => {
        this.#broadcasts.delete(closed);
      });
      this.#broadcasts.add(consumer);
      consumer.join();
      return consumer;
    });
  }

  reply(address: string, correlationId: string, headers: Headers, body: Buffer): Promise<void> {
    return this.#use(() => {
      this.broker.reply(address, correlationId, { ...headers }, Buffer.from(body));
    });
  }

  onReply(listener: ReplyListener, onLost: () => void): void {
    if (this.#onReply) throw new Error('memory bus: replies have a listener already');
    this.#onReply = listener;
    this.#onLost = onLost;
  }

  deliverReply(correlationId: string, headers: Headers, body: Buffer): void {
    this.#onReply?.(correlationId, headers, body);
  }

  lag(): Promise<readonly GroupLag[]> {
    return this.groups();
  }

  groups(): Promise<readonly GroupReading[]> {
    return this.#use(() => this.broker.groups());
  }

  forgetGroup(group: string, topic?: string): Promise<void> {
    return this.#use(() => this.broker.forgetGroup(group, topic));
  }

  health(): Promise<DriverHealth> {
    if (this.#state === 'up') return Promise.resolve({ up: true });
    return Promise.resolve({ up: false, detail: `the memory bus is ${this.#state}` });
  }

  close(deadlineMs?: number): Promise<void> {
    this.#closing ??= this.#close(deadlineMs);
    return this.#closing;
  }

  /** Fault kit: the connection is lost and comes back a moment later. What runs is not acknowledged. */
  disconnect(): void {
    if (this.#state !== 'up') return;
    this.#state = 'lost';
    this.#leaveAll();
    setTimeout(() => {
      if (this.#state === 'lost') this.#up();
    }, RECONNECT_MS);
  }

  /** Fault kit: as if the process had died. */
  abort(): void {
    this.#state = 'closed';
    this.#leaveAll();
    this.#groups.clear();
    this.#broadcasts.clear();
  }

  #up(): void {
    const isReconnect = this.#state === 'lost';
    this.#state = 'up';
    this.broker.addReplyTarget(this.replyAddress, this);
    for (const consumer of [...this.#groups, ...this.#broadcasts]) consumer.join();
    if (isReconnect) this.#onLost?.();
  }

  #leaveAll(): void {
    this.broker.removeReplyTarget(this.replyAddress);
    for (const consumer of [...this.#groups, ...this.#broadcasts]) consumer.disconnect();
  }

  async #send(messages: readonly OutgoingMessage[]): Promise<(SendError | undefined)[]> {
    const delay = this.broker.faults.delayMs();
    if (delay > 0) await sleep(delay);
    const broken = new Set<string>();
    return messages.map((message) => {
      const partition = `${message.topic}/${String(message.partition)}`;
      const error = broken.has(partition)
        ? new SendError('not-stored', 'memory bus: an earlier message of this partition was not stored')
        : this.#append(message);
      if (error) broken.add(partition);
      return error;
    });
  }

  #append(message: OutgoingMessage): SendError | undefined {
    if (this.#state === 'up') return this.broker.append(message);
    return new SendError('not-stored', `memory bus: the driver is ${this.#state}`);
  }

  async #close(deadlineMs?: number): Promise<void> {
    await Promise.all([...this.#groups, ...this.#broadcasts].map((c) => c.close(deadlineMs)));
    await this.#sending;
    this.#state = 'closed';
    this.#leaveAll();
  }

  #use<T>(work: () => T): Promise<T> {
    return new Promise((resolve) => {
      if (this.#state !== 'up')
        throw new Error(`memory bus: the driver is ${this.#state}: call connect() first`);
      resolve(work());
    });
  }
}

/** A driver on the given broker; each acts as a process of its own. */
export const memoryDriver = (broker: MemoryBroker = new MemoryBroker()): MemoryDriver =>
  new MemoryDriver(broker);
