import { randomUUID } from 'node:crypto';
import type { Topology, TopologyDifference } from '../../contract/topology.js';
import { withinMs } from '../../delivery/within.js';
import type {
  Consumer,
  ConsumerOptions,
  Deliver,
  Driver,
  DriverHealth,
  GroupLag,
  GroupReading,
  Headers,
  IncomingMessage,
  OutgoingMessage,
  SendError,
} from '../../driver.js';
import type { Finding } from '../../finding.js';
import { checkServer } from './check.js';
import { forgetGroup, readGroups, readLag } from './groups.js';
import { Instance } from './instance.js';
import { prepareDatabase } from './schema.js';
import { type PostgresDriverOptions, settingsOf } from './settings.js';

const CLOSE_DEADLINE_MS = 10_000;
/** Of a close the part for handing over; the rest is for saying goodbye to the server. */
const STOP_SHARE = 0.9;

/** The bus in PostgreSQL: a partitioned log with groups, replies and retention, in a database of its own. */
export class PostgresDriver implements Driver {
  readonly name = 'postgres';
  readonly keepsMessages = true;
  readonly id = randomUUID();
  readonly #instance: Instance;
  #connecting: Promise<void> | undefined;
  #closing: Promise<void> | undefined;

  constructor(options: PostgresDriverOptions) {
    this.#instance = new Instance(this.id, settingsOf(options));
  }

  get replyAddress(): string {
    return this.#instance.replyAddress;
  }

  connect(): Promise<void> {
    this.#connecting ??= this.#connect().catch((error: unknown) => {
      this.#connecting = undefined;
      throw error;
    });
    return this.#connecting;
  }

  async declare(topology: Topology): Promise<void> {
    await this.#instance.topics.declare(topology);
  }

  async plan(topology: Topology): Promise<readonly TopologyDifference[]> {
    return this.#instance.topics.plan(topology);
  }

  async check(): Promise<readonly Finding[]> {
    return checkServer(this.#instance.data);
  }

  async retention(topics: readonly string[]): Promise<ReadonlyMap<string, number>> {
    return this.#instance.topics.retention(topics);
  }

  async send(messages: readonly OutgoingMessage[]): Promise<readonly (SendError | undefined)[]> {
    return this.#instance.publisher.send(messages);
  }

  async subscribe(
    group: string,
    topics: readonly string[],
    deliver: Deliver,
    options?: ConsumerOptions,
  ): Promise<Consumer> {
    return this.#instance.subscribe(group, topics, deliver, options);
  }

  async broadcast(
    topics: readonly string[],
    receive: (message: IncomingMessage) => void,
    resync: () => void,
  ): Promise<Consumer> {
    return this.#instance.broadcast(topics, receive, resync);
  }

  async reply(address: string, correlationId: string, headers: Headers, body: Buffer): Promise<void> {
    await this.#instance.replies.send(address, correlationId, headers, body);
  }

  onReply(
    listener: (correlationId: string, headers: Headers, body: Buffer) => void,
    onLost: () => void,
  ): void {
    this.#instance.inbox.listen(listener, onLost);
  }

  async lag(): Promise<readonly GroupLag[]> {
    return readLag(this.#instance.data);
  }

  async groups(): Promise<readonly GroupReading[]> {
    return readGroups(this.#instance.data);
  }

  /** What is forgotten no longer holds back retention. */
  async forgetGroup(group: string, topic?: string): Promise<void> {
    await forgetGroup(this.#instance.data, group, topic);
  }

  async health(): Promise<DriverHealth> {
    return this.#instance.health();
  }

  close(deadlineMs = CLOSE_DEADLINE_MS): Promise<void> {
    this.#closing ??= this.#close(deadlineMs);
    return this.#closing;
  }

  /** As if the process had died: cuts the connections, acknowledges and hands over nothing. For tests. */
  abort(): void {
    this.#closing ??= Promise.resolve();
    this.#instance.abort();
  }

  async #connect(): Promise<void> {
    await prepareDatabase(this.#instance.settings.url);
    await this.#instance.start();
  }

  async #close(deadlineMs: number): Promise<void> {
    const end = performance.now() + deadlineMs;
    const isReady = await withinMs(this.#connecting ?? Promise.resolve(), deadlineMs / 2);
    if (isReady) await this.#instance.stop((end - performance.now()) * STOP_SHARE);
    const isGone = isReady && (await withinMs(this.#instance.disconnect(), end - performance.now()));
    if (!isGone) this.#instance.abort();
  }
}

export const postgresDriver = (options: PostgresDriverOptions): PostgresDriver => new PostgresDriver(options);
