import {
  accountRoutes,
  administrationRoutes,
  apiTokenRoutes,
  CompleteTask,
  CreateTask,
  DeleteTask,
  DisableUser,
  EnableUser,
  DeleteWebhook,
  EndOtherSessions,
  EndSession,
  notificationRoutes,
  PingWebhook,
  ReadNotification,
  ReopenTask,
  RevokeApiToken,
  ResendWebhookDelivery,
  ResetSecondFactor,
  SetPreferences,
  type TaskReply,
  taskRoutes,
  UpdateProfile,
  UpdateTask,
  UpdateWebhook,
  User,
  Webhook,
  type WebhookDelivery,
  webhookRoutes,
} from '@taskwire/contracts';
import { bind, type CommandBinding, type Write } from './binding.js';
import { createdId } from './command-id.js';
import { etagOf } from './if-match.js';

const versioned = <Body extends { version: number }>(reply: Body) => ({
  headers: { etag: etagOf(reply.version) },
  body: reply,
});
const taskOf = ({ params, userId, version }: Write<unknown>) => ({
  taskId: params.id ?? '',
  ownerId: userId,
  version,
});
const webhookOf = ({ params, userId }: Write<unknown>) => ({ webhookId: params.id ?? '', userId });
const deliveryPath = ({ id }: WebhookDelivery) => `/v1/webhooks/deliveries/${id}`;
const locationOf = (taskId: string) => `/v1/tasks/${taskId}`;
const changed = ({ ownerId: _, ...task }: TaskReply) => ({
  ...versioned(task),
  location: locationOf(task.id),
});

/** Every write of the API: the route, the command that it becomes, and what its reply is answered as. */
export const bindings: readonly CommandBinding[] = [
  bind(taskRoutes.create, CreateTask, {
    payload: ({ body, userId, commandId }) => ({ taskId: createdId(commandId), ownerId: userId, ...body }),
    location: ({ taskId }) => locationOf(taskId),
    respond: (task) => ({
      ...changed(task),
      headers: { location: locationOf(task.id), etag: etagOf(task.version) },
    }),
  }),
  bind(taskRoutes.update, UpdateTask, {
    payload: (write) => ({ ...taskOf(write), changes: write.body }),
    respond: changed,
  }),
  bind(taskRoutes.delete, DeleteTask, { payload: taskOf, respond: () => ({ headers: {} }) }),
  bind(taskRoutes.complete, CompleteTask, { payload: taskOf, respond: changed }),
  bind(taskRoutes.reopen, ReopenTask, { payload: taskOf, respond: changed }),
  bind(notificationRoutes.read, ReadNotification, {
    payload: ({ params, userId }) => ({ notificationId: params.id ?? '', userId }),
    respond: ({ userId: _, ...notification }) => ({ headers: {}, body: notification }),
  }),
  bind(notificationRoutes.setPreferences, SetPreferences, {
    payload: ({ body, userId }) => ({ userId, preferences: body }),
    respond: (preferences) => ({ headers: {}, body: preferences }),
  }),
  bind(webhookRoutes.update, UpdateWebhook, {
    payload: (write) => ({ ...webhookOf(write), version: write.version, changes: write.body }),
    // Its URL may hold a token of the receiver's, and never crosses the bus.
    respond: async ({ webhookId, version }, { caller, reads }) => {
      const location = webhookRoutes.get.path.replace('{id}', webhookId);
      const webhook = await reads.changed(webhookRoutes.get, version, caller, location);
      return { ...versioned(Webhook.parse(webhook)), location };
    },
  }),
  bind(webhookRoutes.delete, DeleteWebhook, { payload: webhookOf, respond: () => ({ headers: {} }) }),
  bind(webhookRoutes.ping, PingWebhook, {
    payload: webhookOf,
    respond: (ping) => ({
      headers: { location: deliveryPath(ping) },
      body: ping,
      location: deliveryPath(ping),
    }),
  }),
  bind(webhookRoutes.resend, ResendWebhookDelivery, {
    payload: ({ params, userId }) => ({ deliveryId: params.id ?? '', userId }),
    respond: (delivery) => ({ headers: {}, body: delivery, location: deliveryPath(delivery) }),
  }),
  bind(accountRoutes.endSession, EndSession, {
    payload: ({ params, userId }) => ({ userId, sessionId: params.id ?? '' }),
    respond: () => ({ headers: {} }),
  }),
  bind(accountRoutes.endOtherSessions, EndOtherSessions, {
    payload: ({ userId }) => ({ userId }),
    respond: () => ({ headers: {} }),
  }),
  bind(accountRoutes.updateMe, UpdateProfile, {
    payload: ({ body, userId, version }) => ({ userId, version, changes: body }),
    // The profile holds an address, which never crosses the bus: it is read from auth afterwards.
    respond: async ({ version }, { caller, reads }) => {
      const profile = await reads.changed(accountRoutes.me, version, caller);
      return { ...versioned(User.parse(profile)), location: accountRoutes.me.path };
    },
  }),
  bind(apiTokenRoutes.revoke, RevokeApiToken, {
    payload: ({ params, userId }) => ({ userId, id: params.id ?? '' }),
    respond: () => ({ headers: {} }),
  }),
  bind(administrationRoutes.disable, DisableUser, {
    payload: ({ params }) => ({ userId: params.id ?? '' }),
    respond: () => ({ headers: {} }),
  }),
  bind(administrationRoutes.enable, EnableUser, {
    payload: ({ params }) => ({ userId: params.id ?? '' }),
    respond: () => ({ headers: {} }),
  }),
  bind(administrationRoutes.resetSecondFactor, ResetSecondFactor, {
    payload: ({ params }) => ({ userId: params.id ?? '' }),
    respond: () => ({ headers: {} }),
  }),
];

const byKey = new Map(bindings.map((binding) => [binding.key, binding]));

export function bindingOf(key: string): CommandBinding | undefined {
  return byKey.get(key);
}
