import { Controller, Inject, Param, Query } from '@nestjs/common';
import { type CommandEnding, CommandEndingQuery } from '@taskwire/contracts';
import type { OutboxStore, StoredEnding } from '@taskwire/outbox';
import { z } from 'zod';
import { ProblemError } from './http/problem-error.js';
import { InternalRoute } from './http/route.js';
import { OUTBOX_STORE } from './tokens.js';

const EndingQuery = CommandEndingQuery.extend({ subscriber: z.string().min(1) });

/** How a command ended, by the service's inbox: the truth that gateways ask for. */
@Controller()
export class OperationsController {
  constructor(@Inject(OUTBOX_STORE) private readonly store: OutboxStore) {}

  /** Past the deadline this ends the command as `expired`. */
  @InternalRoute('GET', '/internal/operations/:id')
  async read(@Param('id') id: string, @Query() query: unknown): Promise<CommandEnding> {
    const { subscriber, ...times } = parse(query);
    return view(await this.store.expire(subscriber, id, times));
  }

  /** Ends the command as `cancelled`, unless it has ended; answers the ending that won. */
  @InternalRoute('DELETE', '/internal/operations/:id')
  async cancel(@Param('id') id: string, @Query() query: unknown): Promise<CommandEnding> {
    const { subscriber, firstSentAt } = parse(query);
    return view(await this.store.cancel(subscriber, id, { firstSentAt }));
  }
}

function parse(query: unknown): { subscriber: string; firstSentAt: Date; deadline: Date } {
  const result = EndingQuery.safeParse(query);
  if (!result.success)
    throw new ProblemError('bad_request', 'subscriber, firstSentAt and deadline are needed');
  const { subscriber, firstSentAt, deadline } = result.data;
  return { subscriber, firstSentAt: new Date(firstSentAt), deadline: new Date(deadline) };
}

function view(stored: StoredEnding | null): CommandEnding {
  if (stored === null) return { status: 'pending', requestHash: null, reply: null, problem: null };
  const { ending, requestHash, reply, problem, endedAgoMs } = stored;
  return { status: ending, requestHash, reply: reply ?? null, problem, endedAgoMs };
}
