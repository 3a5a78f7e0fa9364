import { z } from 'zod';
import { Instant } from '../values.js';
import { ProblemBody } from './problems.js';
import { route } from './route.js';

export const OperationStatus = z.enum(['pending', 'done', 'rejected', 'failed', 'expired', 'cancelled']);

/** What became of a command. `location`: where the thing is that it made or changed. `expiresAt`: until when it is known here. */
export const Operation = z
  .object({
    id: z.string(),
    status: OperationStatus,
    result: z.unknown().optional(),
    location: z.string().optional(),
    problem: ProblemBody.optional(),
    expiresAt: Instant,
  })
  .meta({ id: 'Operation' });
export type Operation = z.output<typeof Operation>;

/** Internal: what a service's inbox says of a command. */
export const CommandEnding = z.object({
  status: OperationStatus,
  requestHash: z.string().nullable(),
  reply: z.unknown(),
  problem: z.object({ code: z.string(), detail: z.string().optional() }).nullable(),
  /** How long ago it ended; missing while it is pending. */
  endedAgoMs: z.number().optional(),
});
export type CommandEnding = z.output<typeof CommandEnding>;

/** Internal: `/internal/operations/{commandId}`; GET inserts `expired` past the deadline, DELETE inserts `cancelled`. */
export const CommandEndingQuery = z.object({ firstSentAt: Instant, deadline: Instant });

const params = z.object({ id: z.string().max(1_000) });

export const operationRoutes = {
  get: route('GET', '/v1/operations/{id}', {
    summary: 'What became of a command',
    service: 'gateway',
    kind: 'local',
    params,
    success: { status: 200, body: Operation },
    problems: ['not_found', 'gone', 'service_unavailable', 'timeout'],
  }),
  cancel: route('DELETE', '/v1/operations/{id}', {
    summary: 'Cancel a command that has not run',
    service: 'gateway',
    kind: 'local',
    params,
    success: { status: 200, body: Operation },
    problems: ['not_found', 'gone', 'already_ended', 'service_unavailable', 'timeout'],
  }),
} as const;
