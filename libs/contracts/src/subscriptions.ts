import { subscription } from '@taskwire/messaging';
import {
  EmailRequested,
  EndOtherSessions,
  EndSession,
  PasswordChanged,
  SessionEnded,
  SessionStarted,
  UpdateProfile,
  UserDeleted,
  UserRegistered,
  UserUpdated,
} from './bus/accounts.js';
import { DisableUser, EnableUser, ResetSecondFactor } from './bus/administration.js';
import { RevokeApiToken } from './bus/api-tokens.js';
import { FeedAppended, ReadNotification, ReminderDue, SetPreferences } from './bus/notifications.js';
import {
  CompleteTask,
  CreateTask,
  DeleteTask,
  ReopenTask,
  TaskCompleted,
  TaskCreated,
  TaskDeleted,
  TaskReopened,
  TaskUpdated,
  UpdateTask,
} from './bus/tasks.js';
import { RequestCompleted } from './bus/usage.js';
import {
  DeleteWebhook,
  PingWebhook,
  ResendWebhookDelivery,
  UpdateWebhook,
  WebhookCreated,
} from './bus/webhooks.js';

const taskEvents = [TaskCreated, TaskUpdated, TaskCompleted, TaskReopened, TaskDeleted];
const webhookCommands = [UpdateWebhook, DeleteWebhook, PingWebhook, ResendWebhookDelivery];
const accountEvents = [UserRegistered, UserUpdated, SessionStarted, SessionEnded];

export const contracts = [
  ...[CreateTask, UpdateTask, CompleteTask, ReopenTask, DeleteTask],
  ...[UpdateProfile, EndSession, EndOtherSessions, ReadNotification, SetPreferences],
  ...[DisableUser, EnableUser, ResetSecondFactor, RevokeApiToken],
  ...webhookCommands,
  ...taskEvents,
  ...accountEvents,
  ...[PasswordChanged, EmailRequested, UserDeleted],
  ...[FeedAppended, ReminderDue, WebhookCreated, RequestCompleted],
];

export const authCommands = subscription('auth.commands', {
  kind: 'group',
  commands: [
    ...[UpdateProfile, EndSession, EndOtherSessions],
    ...[DisableUser, EnableUser, ResetSecondFactor, RevokeApiToken],
  ],
});

/** What the audit trail tells of other services. */
export const authAudit = subscription('auth.audit', { kind: 'group', events: [WebhookCreated] });

export const taskCommands = subscription('task.commands', {
  kind: 'group',
  commands: [CreateTask, UpdateTask, CompleteTask, ReopenTask, DeleteTask],
});

/** What is stored of a user goes with the account. */
export const taskAccounts = subscription('task.accounts', { kind: 'group', events: [UserDeleted] });

export const notificationCommands = subscription('notification.commands', {
  kind: 'group',
  commands: [ReadNotification, SetPreferences, ...webhookCommands],
});
/** Nobody sees 20 ms in a live feed, and under load they make a few transactions of many. */
export const notificationTasks = subscription('notification.tasks', {
  kind: 'group',
  lingerMs: 20,
  events: taskEvents,
});
export const notificationAccounts = subscription('notification.accounts', {
  kind: 'group',
  events: [UserRegistered, PasswordChanged, EmailRequested, UserDeleted],
});
export const notificationReminders = subscription('notification.reminders', {
  kind: 'group',
  events: [ReminderDue],
});

/** What counts may wait a little, since nobody waits for it. */
const COUNTING_LINGER_MS = 100;

/** Counting needs no order, so one dead event must not hold up a user's later ones. */
export const analyticsEvents = subscription('analytics.events', {
  kind: 'group',
  order: 'none',
  afterDead: 'continue',
  lingerMs: COUNTING_LINGER_MS,
  events: [...taskEvents, ...accountEvents, UserDeleted],
});
export const analyticsUsage = subscription('analytics.usage', {
  kind: 'group',
  order: 'none',
  afterDead: 'continue',
  lingerMs: COUNTING_LINGER_MS,
  events: [RequestCompleted],
});

/** Live connections of a gateway. */
export const gatewayFeed = subscription('gateway.feed', { kind: 'broadcast', events: [FeedAppended] });
/** What the gateways keep of accounts: void after a change. */
export const gatewayAccounts = subscription('gateway.accounts', {
  kind: 'broadcast',
  events: [UserUpdated, UserDeleted],
});
/** Shortens the wait for the next read of the revocations, in every process. */
export const revocations = subscription('revocations', { kind: 'broadcast', events: [SessionEnded] });

export const subscriptions = [
  authCommands,
  authAudit,
  taskCommands,
  taskAccounts,
  notificationCommands,
  notificationTasks,
  notificationAccounts,
  notificationReminders,
  analyticsEvents,
  analyticsUsage,
  gatewayFeed,
  gatewayAccounts,
  revocations,
];
