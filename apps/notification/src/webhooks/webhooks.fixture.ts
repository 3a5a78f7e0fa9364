import { randomUUID } from 'node:crypto';
import { TaskCreated, type WebhookEvent } from '@taskwire/contracts';
import { messageOf, taskFact } from '@taskwire/testing';
import type { TestService } from '../notification.fixture.js';
import { DeliveryStore } from './delivery-store.js';
import { SecretSeal } from './seal.js';
import { sendTaskEvents } from './send-task-events.js';
import { newSecret } from './signature.js';
import { WebhookStore } from './webhook-store.js';

export const seal = new SecretSeal('key of the webhooks in the specs');

interface Wanted {
  readonly userId?: string;
  readonly url?: string;
  readonly events?: readonly WebhookEvent[];
}

export interface TestWebhook {
  readonly id: string;
  readonly userId: string;
  readonly secret: string;
}

export async function addWebhook(service: TestService, wanted: Wanted = {}): Promise<TestWebhook> {
  const { userId = randomUUID(), url = 'https://example.org/hooks', events = [TaskCreated.type] } = wanted;
  const [id, secret] = [randomUUID(), newSecret()];
  const webhook = { id, userId, url, events, sealedSecret: seal.seal(id, secret) };
  await service.handle(({ tx }) => new WebhookStore(service.db).add(tx, webhook));
  return { id, userId, secret };
}

/** So many events of a user's tasks, as the service gets them. */
export async function happen(service: TestService, userId: string, count = 1): Promise<void> {
  const events = Array.from({ length: count }, (_, index) =>
    messageOf(TaskCreated, { task: taskFact({ ownerId: userId, title: `Task ${index + 1}` }) }),
  );
  const deliveries = new DeliveryStore(service.db);
  await service.handle((context) => sendTaskEvents(deliveries, events, context));
}
