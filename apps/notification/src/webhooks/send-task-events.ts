import type { HandlerContext } from '@taskwire/messaging';
import { subjectOf, type TaskEvent } from '../tasks/task-event.js';
import { type NewDelivery, deliveryOf } from './delivery.js';
import type { DeliveryStore } from './delivery-store.js';

/** One delivery for each event and each webhook of its owner that wants it. */
export async function sendTaskEvents(
  deliveries: DeliveryStore,
  events: readonly TaskEvent[],
  { tx }: Pick<HandlerContext, 'tx'>,
): Promise<void> {
  const owned = events.map((event) => ({ event, userId: subjectOf(event).userId }));
  const receivers = await deliveries.receiversOf(
    tx,
    owned.map(({ userId }) => userId),
  );
  if (receivers.length === 0) return;
  const byUser = Map.groupBy(receivers, ({ userId }) => userId);
  const added: NewDelivery[] = owned.flatMap(({ event, userId }) =>
    (byUser.get(userId) ?? [])
      .filter((receiver) => receiver.events.includes(event.type))
      .map(({ id }) => deliveryOf(id, event)),
  );
  await deliveries.add(tx, added);
}
