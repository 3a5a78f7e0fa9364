import type { DynamicModule } from '@nestjs/common';
import type { ServiceContext } from '@taskwire/service';
import { EraseUserHandler } from './accounts/erase-user.js';
import { ErasedUsers } from './accounts/erased-users.js';
import { SendAccountEmailHandler } from './accounts/send-account-email.js';
import { TellPasswordChangeHandler } from './accounts/tell-password-change.js';
import { WelcomeUserHandler } from './accounts/welcome-user.js';
import { mailboxAccess, type NotificationConfig } from './config.js';
import { FeedStore } from './feed/feed-store.js';
import { ListNotificationsReader } from './feed/list-notifications.js';
import { ReadFeedReader } from './feed/read-feed.js';
import { ReadNotificationHandler } from './feed/read-notification.js';
import type { PrismaClient } from './generated/prisma/client.js';
import { EmailStore } from './mail/email-store.js';
import { mailWorker } from './mail/mail.js';
import { MailboxStore } from './mail/mailbox-store.js';
import { MailboxAccess, MailboxController } from './mail/mailbox.js';
import { GetPreferencesReader } from './preferences/get-preferences.js';
import { PreferencesStore } from './preferences/preferences-store.js';
import { SetPreferencesHandler } from './preferences/set-preferences.js';
import { ReminderStore } from './reminders/reminder-store.js';
import { RemindHandler } from './reminders/remind.js';
import { FollowTasksHandler } from './tasks/follow-tasks.js';
import { CreateWebhookHandler } from './webhooks/create-webhook.js';
import { DeleteWebhookHandler } from './webhooks/delete-webhook.js';
import { DeliveryStore } from './webhooks/delivery-store.js';
import { PingWebhookHandler } from './webhooks/ping-webhook.js';
import { DeliveriesReader } from './webhooks/read-deliveries.js';
import { WebhooksReader } from './webhooks/read-webhooks.js';
import { ResendDeliveryHandler } from './webhooks/resend-delivery.js';
import { SecretSeal } from './webhooks/seal.js';
import { WebhookTargets } from './webhooks/targets.js';
import { UpdateWebhookHandler } from './webhooks/update-webhook.js';
import { WebhookStore } from './webhooks/webhook-store.js';
import { webhookTargets, webhookWorker } from './webhooks/webhooks.js';

const commands = [
  ...[ReadNotificationHandler, SetPreferencesHandler],
  ...[UpdateWebhookHandler, DeleteWebhookHandler, PingWebhookHandler, ResendDeliveryHandler],
];
const events = [
  ...[FollowTasksHandler, RemindHandler],
  ...[WelcomeUserHandler, TellPasswordChangeHandler, SendAccountEmailHandler, EraseUserHandler],
];
const reads = [
  ...[ListNotificationsReader, GetPreferencesReader, ReadFeedReader, MailboxController],
  ...[WebhooksReader, DeliveriesReader],
];
const secrets = [CreateWebhookHandler];

/** Everything that the notification service serves. */
export class NotificationModule {
  static on(service: ServiceContext<NotificationConfig, PrismaClient>): DynamicModule {
    const { db, config } = service;
    const targets = webhookTargets(service);
    const seal = new SecretSeal(config.WEBHOOK_KEY);
    return {
      module: NotificationModule,
      controllers: [...commands, ...events, ...reads, ...secrets],
      providers: [
        ErasedUsers,
        { provide: FeedStore, useValue: new FeedStore(db) },
        { provide: PreferencesStore, useValue: new PreferencesStore(db) },
        { provide: ReminderStore, useValue: new ReminderStore() },
        { provide: EmailStore, useValue: new EmailStore(db) },
        { provide: MailboxStore, useValue: new MailboxStore(db) },
        { provide: MailboxAccess, useValue: new MailboxAccess(mailboxAccess(config)) },
        { provide: WebhookStore, useValue: new WebhookStore(db) },
        { provide: DeliveryStore, useValue: new DeliveryStore(db) },
        { provide: WebhookTargets, useValue: targets },
        { provide: SecretSeal, useValue: seal },
        { provide: 'webhook worker', useFactory: () => webhookWorker(service, targets, seal) },
        { provide: 'mail worker', useFactory: () => mailWorker(service) },
      ],
    };
  }
}
