import { Controller, Inject, Res } from '@nestjs/common';
import { type Webhook, webhookRoutes } from '@taskwire/contracts';
import { Caller, Params, ProblemError, Route } from '@taskwire/service';
import { WebhookStore } from './webhook-store.js';

interface Reply {
  header(name: string, value: string): unknown;
}

@Controller()
export class WebhooksReader {
  constructor(@Inject(WebhookStore) private readonly webhooks: WebhookStore) {}

  @Route(webhookRoutes.list)
  async list(@Caller() { userId }: Caller): Promise<{ webhooks: Webhook[] }> {
    return { webhooks: await this.webhooks.list(userId) };
  }

  @Route(webhookRoutes.get)
  async get(
    @Params() { id }: { id: string },
    @Caller() { userId }: Caller,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<Webhook> {
    const webhook = await this.webhooks.find(userId, id);
    if (webhook === null) throw new ProblemError('not_found', `there is no webhook ${id} of yours`);
    reply.header('etag', `"${webhook.version}"`);
    return webhook;
  }
}
