import { type Route, subscriptions } from '@taskwire/contracts';
import type { CommandContract, PayloadOf, ReplyOf } from '@taskwire/messaging';
import type { Caller } from '@taskwire/service';
import type { z } from 'zod';
import type { CachedReads } from '../reads/cached-reads.js';

/** A write as the client asked for it: path parameters and body validated, defaults applied. */
export interface Write<Body = unknown> {
  readonly params: Readonly<Record<string, string>>;
  readonly body: Body;
  readonly userId: string;
  readonly commandId: string;
  /** The version in If-Match; null where the client said none. */
  readonly version: number | null;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** What a response may need beside the reply. */
export interface Asker {
  readonly caller: Caller;
  readonly reads: Pick<CachedReads, 'changed'>;
}

/** A reply as the route answers it. */
interface Response extends Pick<Answer, 'headers' | 'body'> {
  /** Where the thing is that the command made or changed, if it is still there. */
  readonly location?: string;
}

/** How a route becomes a command, and the command's reply a response. */
export interface CommandBinding {
  readonly route: Route;
  /** Names the route in operations, for example `POST /v1/tasks`. */
  readonly key: string;
  readonly contract: CommandContract;
  /** The group that handles the command. */
  readonly subscriber: string;
  payload(write: Write): unknown;
  /** Where the thing is that a create makes. */
  location?(payload: unknown): string;
  /** Takes a reply that was checked against the contract. */
  respond(reply: unknown, asker: Asker): Promise<Response>;
}

type BodyOf<R extends Route> = R extends { body: infer B extends z.ZodType } ? z.output<B> : undefined;

interface Shape<R extends Route, C extends CommandContract> {
  payload(write: Write<BodyOf<R>>): PayloadOf<C>;
  location?(payload: PayloadOf<C>): string;
  respond(reply: ReplyOf<C>, asker: Asker): Response | Promise<Response>;
}

/** Binds a route to its contract. The checks of both sides were done when a write gets here, so the types are theirs. */
export function bind<const R extends Route, C extends CommandContract>(
  route: R,
  contract: C,
  { payload, location, respond }: Shape<R, C>,
): CommandBinding {
  return {
    route,
    key: routeKey(route),
    contract,
    subscriber: subscriberOf(contract),
    payload: (write) => payload(write as Write<BodyOf<R>>),
    ...(location && { location: (made) => location(made as PayloadOf<C>) }),
    respond: async (reply, asker) => respond(reply as ReplyOf<C>, asker),
  };
}

export function routeKey({ method, path }: Route): string {
  return `${method} ${path}`;
}

function subscriberOf(contract: CommandContract): string {
  const group = subscriptions.find((s) => s.kind === 'group' && s.commands.includes(contract));
  if (group === undefined) throw new TypeError(`no subscription handles the command ${contract.type}`);
  return group.name;
}
