import { Body, Controller, Inject, Query } from '@nestjs/common';
import {
  type DeadLetterDetail,
  type DeadLetterPage,
  DeadLetterQuery,
  DeadLettersQuery,
  DiscardLetterBody,
  EditLetterBody,
  type LetterActionPage,
  LetterActionsQuery,
  type ReplayedLetters,
  ReplayLettersBody,
} from '@taskwire/contracts';
import { Bus, type GroupSubscription } from '@taskwire/messaging';
import type { Act, DeadLetters, OutboxStore, ParkedFilter } from '@taskwire/outbox';
import { currentTraceId, type Logger } from '@taskwire/telemetry';
import { Operator } from '../access/operator.guard.js';
import { ProblemError } from '../http/problem-error.js';
import { OperatorRoute } from '../http/route.js';
import { GROUPS, LOGGER, OUTBOX_STORE } from '../tokens.js';
import { rewriteTo } from './rewrite.js';
import { actionView, detailView, letterView } from './views.js';

const NO_SUCH = 'there is no such parked message: it ran, was discarded, or never was';
const SHOWN_ACTIONS = 20;

/** What could not be handled in this service, for operators: look, replay, discard, edit, and who did what. */
@Controller()
export class DeadLettersController {
  readonly #letters: DeadLetters;

  constructor(
    @Inject(OUTBOX_STORE) store: OutboxStore,
    @Inject(GROUPS) private readonly groups: readonly GroupSubscription[],
    @Inject(Bus) private readonly bus: Bus,
    @Inject(LOGGER) private readonly log: Logger,
  ) {
    this.#letters = store.deadLetters;
  }

  @OperatorRoute('GET', '/internal/dead-letters')
  async list(@Query() query: unknown): Promise<DeadLetterPage> {
    const { state, after, limit, ...rest } = DeadLettersQuery.parse(query);
    const filter = filterOf(rest);
    const page = { limit, ...(state && { state }), ...(after !== undefined && { after }) };
    const messages = await this.#letters.list({ ...filter, ...page });
    const next = messages.length === limit ? (messages.at(-1)?.seq ?? null) : null;
    return { messages: messages.map(letterView), counts: await this.#letters.count(filter), next };
  }

  @OperatorRoute('GET', '/internal/dead-letters/message')
  async show(@Query() query: unknown, @Operator() actor: string): Promise<DeadLetterDetail> {
    const { subscriber, id } = DeadLetterQuery.parse(query);
    const message = await this.#letters.read(subscriber, id);
    if (!message) throw new ProblemError('not_found', NO_SUCH);
    this.log.info({ actor, subscriber, id }, 'an operator read a parked message');
    const actions = await this.#letters.actions({ subscriber, messageId: id, limit: SHOWN_ACTIONS });
    return detailView(message, actions);
  }

  @OperatorRoute('GET', '/internal/dead-letters/audit')
  async audit(@Query() query: unknown, @Operator() actor: string): Promise<LetterActionPage> {
    const { id, limit, originals, ...filter } = LetterActionsQuery.parse(query);
    if (originals)
      this.log.info({ actor, ...filter, id }, 'an operator read what others replaced or removed');
    const actions = await this.#letters.actions({
      ...given(filter),
      ...(id !== undefined && { messageId: id }),
      ...{ limit, originals },
    });
    const next = actions.length === limit ? (actions.at(-1)?.seq ?? null) : null;
    return { actions: actions.map(actionView), next };
  }

  @OperatorRoute('POST', '/internal/dead-letters/replay')
  async replay(@Body() body: unknown, @Operator() actor: string): Promise<ReplayedLetters> {
    const { dryRun, perSecond, id, after, limit, reason, ...filter } = ReplayLettersBody.parse(body ?? {});
    const selection = { ...filterOf(filter), limit, ...given({ id, after }) };
    const options = { dryRun, ...given({ perSecond }) };
    const plan = await this.#letters.replay(selection, actOf(actor, reason), options);
    if (id !== undefined && plan.steps.length === 0) throw new ProblemError('not_found', NO_SUCH);
    if (plan.applied) for (const { subscriber } of plan.steps) this.bus.drainSoon(subscriber);
    return { ...plan, steps: [...plan.steps] };
  }

  @OperatorRoute('POST', '/internal/dead-letters/discard')
  async discard(@Body() body: unknown, @Operator() actor: string): Promise<{ discarded: true }> {
    const { subscriber, id, reason } = DiscardLetterBody.parse(body ?? {});
    const found = await this.#letters.discard(subscriber, id, actOf(actor, reason));
    if (!found) throw new ProblemError('not_found', NO_SUCH);
    this.bus.drainSoon(subscriber);
    return { discarded: true };
  }

  @OperatorRoute('POST', '/internal/dead-letters/edit')
  async edit(@Body() body: unknown, @Operator() actor: string): Promise<{ bodyHash: string }> {
    const change = EditLetterBody.parse(body ?? {});
    const { subscriber, id, reason } = change;
    const rewrite = rewriteTo(change, this.groups);
    const edited = await this.#letters.edit(subscriber, id, rewrite, actOf(actor, reason));
    if (edited === 'unknown') throw new ProblemError('not_found', NO_SUCH);
    if (edited === 'ended') {
      throw new ProblemError('message_ended', 'the caller of this command was told that it failed');
    }
    return edited;
  }
}

function filterOf({
  olderThan,
  ...filter
}: {
  [Name in 'subscriber' | 'type' | 'key']?: string | undefined;
} & { olderThan?: number | undefined }): Omit<ParkedFilter, 'state'> {
  return { ...given(filter), ...(olderThan !== undefined && { olderThanMs: olderThan * 1_000 }) };
}

type Given<T> = { [Name in keyof T]?: Exclude<T[Name], undefined> };

/** Only what has a value. */
function given<T extends object>(values: T): Given<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Given<T>;
}

function actOf(actor: string, reason: string | undefined): Act {
  const traceId = currentTraceId();
  return { actor, ...given({ reason, traceId }) };
}
