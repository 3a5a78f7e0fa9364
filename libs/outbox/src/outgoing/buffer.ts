import { context as trace } from '@opentelemetry/api';
import {
  ATTRIBUTE,
  encodeEvent,
  type EventContract,
  type Headers,
  type Identity,
  type Origin,
  originOf,
  type OutgoingMessage,
  partitionOf,
  type PayloadOf,
  type ReceivedMessage,
  type RunContext,
  SYSTEM,
} from '@taskwire/messaging';
import type { SqlTransaction } from '../sql/executor.js';

export interface OutgoingOptions {
  readonly source?: string | undefined;
  readonly partitions?: ((topic: string) => number) | undefined;
}

export type OutgoingChange =
  | { readonly kind: 'publish'; readonly message: OutgoingMessage }
  | { readonly kind: 'schedule'; readonly id: string; readonly at: Date; readonly message: OutgoingMessage }
  | { readonly kind: 'cancel'; readonly id: string };

interface Buffered {
  readonly cause: ReceivedMessage | undefined;
  readonly change: OutgoingChange;
}

/** Holds what handlers publish, by the message that caused it, until it is known how that message ended. */
export class OutgoingBuffer {
  #changes: Buffered[] = [];

  constructor(
    private readonly options: OutgoingOptions,
    private readonly identity: Identity = SYSTEM,
  ) {}

  /** What a handler gets. `only`: the cause of what is published without one. */
  context(tx: SqlTransaction, only?: ReceivedMessage): RunContext {
    const add = (cause: ReceivedMessage | undefined, change: OutgoingChange): void => {
      this.#changes.push({ cause: cause ?? only, change });
    };
    return {
      tx: tx.handle,
      get writes() {
        return tx.writes;
      },
      publish: (contract, payload, cause) => {
        add(cause, { kind: 'publish', message: this.#encode(contract, payload, cause ?? only) });
      },
      schedule: (contract, payload, { id, at, cause }) => {
        add(cause, { kind: 'schedule', id, at, message: this.#encode(contract, payload, cause ?? only) });
      },
      cancelSchedule: (id, cause) => {
        add(cause, { kind: 'cancel', id });
      },
    };
  }

  /** Forgets what `message` caused: it was rejected, or failed. */
  drop(message: ReceivedMessage): void {
    this.#changes = this.#changes.filter(({ cause }) => cause !== message);
  }

  changes(): readonly OutgoingChange[] {
    return this.#changes.map(({ change }) => change);
  }

  #encode<C extends EventContract>(
    contract: C,
    payload: PayloadOf<C>,
    cause: ReceivedMessage | undefined,
  ): OutgoingMessage {
    const message = encodeEvent(contract, payload, this.#origin(cause));
    const { source, partitions } = this.options;
    const headers: Headers =
      source === undefined ? message.headers : { ...message.headers, [ATTRIBUTE.source]: source };
    const partition = partitions ? partitionOf(message.key, partitions(message.topic)) : message.partition;
    return { ...message, headers, partition };
  }

  #origin(cause: ReceivedMessage | undefined): Origin {
    return cause ? originOf(cause) : { identity: this.identity, context: trace.active() };
  }
}
