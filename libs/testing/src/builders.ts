import { randomUUID } from 'node:crypto';
import type { TaskFact } from '@taskwire/contracts';
import type { MessageContract, MessageOf, PayloadOf } from '@taskwire/messaging';

const AT = '2026-03-01T08:00:00.000Z';

/** A message as a handler gets it, by nobody in particular. */
export function messageOf<C extends MessageContract>(
  contract: C,
  payload: PayloadOf<C>,
  overrides: Partial<MessageOf<C>> = {},
): MessageOf<C> {
  return {
    id: randomUUID(),
    kind: contract.kind,
    type: contract.type,
    topic: contract.topic,
    partition: 0,
    key: contract.key(payload),
    payload,
    actor: null,
    roles: [],
    session: null,
    firstSentAt: new Date(AT),
    deadline: null,
    requestHash: null,
    sequence: null,
    ...overrides,
  };
}

export function taskFact(overrides: Partial<TaskFact> = {}): TaskFact {
  return {
    id: randomUUID(),
    ownerId: randomUUID(),
    title: 'Water the plants',
    status: 'todo',
    priority: 'medium',
    dueAt: null,
    remindAt: null,
    labels: [],
    version: 1,
    createdAt: AT,
    updatedAt: AT,
    completedAt: null,
    ...overrides,
  };
}
