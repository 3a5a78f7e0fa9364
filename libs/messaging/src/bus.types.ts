import type { CommandContract, EventContract, PayloadOf, ReplyOf } from './contract/message.js';
import type { Identity } from './envelope.js';
import type { Ending, Problem } from './store.js';

export interface RequestOptions {
  /** The command id: the same for every repeat of one request, which then has one effect. Default: a new one. */
  readonly id?: string;
  /** Who acts. Default: the system. */
  readonly identity?: Identity;
  /** How long to wait for the reply. 0: only for the broker's confirmation. Default 5,000. */
  readonly waitMs?: number;
  /** First attempt's time, the same for every repeat. Default: now. */
  readonly firstSentAt?: Date;
  /** Past it the command ends as `expired`. Default: in 15 minutes. */
  readonly deadline?: Date;
  /** Hash of the client's request; the same id with another hash answers `conflict`. */
  readonly requestHash?: string;
}

/** What the requester knows. The inbox is the truth: `pending` and `unknown` are settled by reading the operation. */
export type RequestResult<Reply> =
  | { readonly status: 'done'; readonly reply: Reply; readonly repeated: boolean }
  | { readonly status: Exclude<Ending, 'done'>; readonly problem: Problem; readonly repeated: boolean }
  /** The id was used with another request hash. */
  | { readonly status: 'conflict' }
  /** First sent longer ago than the inbox remembers. */
  | { readonly status: 'too-old' }
  /** Stored by the broker; no reply within the wait. */
  | { readonly status: 'pending' }
  /** Neither confirmed nor replied: it may run, or not. */
  | { readonly status: 'unknown' };

/** What applications send with. `Bus` implements it; so does a recording fake in tests. */
export interface Requester {
  /** Sends a command and waits for its reply. Rejects with SendError `not-stored` when it provably never reached the broker. */
  request<C extends CommandContract>(
    contract: C,
    payload: PayloadOf<C>,
    options?: RequestOptions,
  ): Promise<RequestResult<ReplyOf<C>>>;
  /** Sends an event without an outbox: for lossy hints only. Resolves when the broker has it. */
  publish<C extends EventContract>(contract: C, payload: PayloadOf<C>, identity?: Identity): Promise<void>;
}

/** A broadcast that is heard. */
export interface Listening {
  /** Hears nothing more of it. Default deadline: 10,000 ms. */
  close(deadlineMs?: number): Promise<void>;
}
