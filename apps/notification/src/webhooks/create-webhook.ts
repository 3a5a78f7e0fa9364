import { Controller, Header, Inject, Res } from '@nestjs/common';
import {
  type CreatedWebhook,
  type CreateWebhookBody,
  WebhookCreated,
  webhookRoutes,
} from '@taskwire/contracts';
import { uuidv7 } from '@taskwire/messaging';
import type { OutboxStore } from '@taskwire/outbox';
import { Body, Caller, OUTBOX_STORE, ProblemError, Route } from '@taskwire/service';
import type { z } from 'zod';
import { newEmail } from '../mail/email.js';
import { EmailStore } from '../mail/email-store.js';
import { SecretSeal } from './seal.js';
import { newSecret } from './signature.js';
import { WebhookTargets } from './targets.js';
import { WebhookStore } from './webhook-store.js';
import { MOST_WEBHOOKS } from './webhook.js';

interface Reply {
  header(name: string, value: string): unknown;
}

/** By HTTP and not over the bus, which would keep the secret of the answer. */
@Controller()
export class CreateWebhookHandler {
  constructor(
    @Inject(WebhookStore) private readonly webhooks: WebhookStore,
    @Inject(WebhookTargets) private readonly targets: WebhookTargets,
    @Inject(SecretSeal) private readonly seal: SecretSeal,
    @Inject(EmailStore) private readonly emails: EmailStore,
    @Inject(OUTBOX_STORE) private readonly outbox: OutboxStore,
  ) {}

  @Header('cache-control', 'no-store')
  @Route(webhookRoutes.create)
  async create(
    @Body() { url: text, events }: z.output<typeof CreateWebhookBody>,
    @Caller() { userId, sessionId, roles }: Caller,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<CreatedWebhook> {
    const url = new URL(text);
    const detail = await this.targets.refusalOf(url);
    if (detail !== null) {
      throw new ProblemError('validation_failed', undefined, { errors: [{ pointer: '/url', detail }] });
    }
    const [id, secret] = [uuidv7(), newSecret()];
    const sealedSecret = this.seal.seal(id, secret);
    const at = new Date().toISOString();
    const webhook = await this.outbox.write(
      async ({ tx, publish }) => {
        const added = await this.webhooks.add(tx, { id, userId, url: url.href, events, sealedSecret });
        if (added === null) return null;
        // So that one which somebody else made doesn't stay unseen.
        await this.emails.addNotice(
          tx,
          newEmail(userId, { template: 'webhook_created', host: url.host, at }),
        );
        publish(WebhookCreated, { webhookId: id, userId, at });
        return added;
      },
      { identity: { actor: userId, roles, session: sessionId } },
    );
    if (webhook === null) {
      throw new ProblemError('limit_reached', `an account has ${MOST_WEBHOOKS} webhooks at most`);
    }
    reply.header('location', `/v1/webhooks/${id}`);
    reply.header('etag', `"${webhook.version}"`);
    return { ...webhook, secret };
  }
}
