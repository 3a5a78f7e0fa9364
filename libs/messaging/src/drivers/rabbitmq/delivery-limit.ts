import { setTimeout as sleep } from 'node:timers/promises';
import { type QueuePolicy, readQueuePolicies } from './management.js';
import type { Settings } from './settings.js';

/**
 * Returns that no message lives to see: each end of a consumer is one. Some releases of 4.x ignore a policy of -1, and 3.x
 * refuses it.
 */
const AS_GOOD_AS_NONE = 100_000;
/** A node that has just started tells of its policies after 5 s. */
const REPORT_LIMIT_MS = 15_000;
const REPORT_PAUSE_MS = 1_000;

export interface DeliveryLimitProblem {
  readonly detail: string;
  readonly change: string;
}

/** Whether the broker refused -1 for a queue that was made before version 4, without the argument. */
export const lacksDeliveryLimit = (refusal: string): boolean =>
  refusal.includes(`inequivalent arg 'x-delivery-limit'`) && refusal.includes('current is none');

/**
 * Which of the queues were made without a delivery limit, which version 4 takes for 20. Rejects when one of them has no
 * policy that lifts it, or when that can't be known.
 */
export async function queuesOfVersion3(
  settings: Settings,
  queues: readonly string[],
): Promise<ReadonlySet<string>> {
  const limit = performance.now() + REPORT_LIMIT_MS;
  let [policies, old] = await look();
  while (old.some((queue) => policies.get(queue)?.isReported === false) && performance.now() < limit) {
    await sleep(REPORT_PAUSE_MS);
    [policies, old] = await look();
  }
  for (const queue of old) {
    const problem = deliveryLimitProblem(queue, policies.get(queue));
    if (problem !== undefined) throw new Error(`rabbitmq bus: ${problem.detail}: ${problem.change}`);
  }
  return new Set(old);

  async function look() {
    const found = await readQueuePolicies(settings);
    return [found, queues.filter((queue) => found.get(queue)?.hasDeliveryLimit === false)] as const;
  }
}

/** Why a queue without the argument may lose messages, and what to do; undefined when its policy prevents it. */
export function deliveryLimitProblem(
  queue: string,
  policy: QueuePolicy | undefined,
): DeliveryLimitProblem | undefined {
  if (policy?.deliveryLimit !== undefined && policy.deliveryLimit >= AS_GOOD_AS_NONE) return undefined;
  const limit =
    policy?.deliveryLimit === undefined
      ? 'no policy is known to lift its limit of 20 deliveries'
      : `its policy has a delivery-limit of ${String(policy.deliveryLimit)}`;
  return {
    detail: `the queue ${queue} was made by RabbitMQ 3, and ${limit}, after which a message is dropped`,
    change:
      `put "delivery-limit": ${String(AS_GOOD_AS_NONE)} into the policy of these queues (rabbitmqctl set_policy --apply-to ` +
      `queues taskwire PATTERN '{"delivery-limit": ${String(AS_GOOD_AS_NONE)}}'), or let them run empty and delete them`,
  };
}
