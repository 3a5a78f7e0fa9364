import { z } from 'zod';
import { Instant, Uuid } from '../values.js';
import { PageLimit } from './paging.js';
import { queryInteger } from './query.js';
import { route } from './route.js';

export const NotificationKind = z.enum([
  'task_created',
  'task_updated',
  'task_completed',
  'task_reopened',
  'task_deleted',
  'task_reminder',
  'welcome',
]);

/** An entry of a user's feed. `number` grows by one per user; live clients resume from it. */
export const Notification = z
  .object({
    id: Uuid,
    number: z.int().positive(),
    kind: NotificationKind,
    taskId: Uuid.nullable(),
    title: z.string(),
    createdAt: Instant,
    readAt: Instant.nullable(),
  })
  .meta({ id: 'Notification' });
export type Notification = z.output<typeof Notification>;

export const Preferences = z
  .strictObject({
    /** Reminders by email. */
    emailReminders: z.boolean(),
    /** Live frames and feed entries for changes to one's own tasks. */
    taskChanges: z.boolean(),
  })
  .meta({ id: 'NotificationPreferences' });
export type Preferences = z.output<typeof Preferences>;

/** Newest first. */
export const ListNotificationsQuery = z.strictObject({
  before: queryInteger(1).optional().meta({ description: 'Only entries with a lower number' }),
  unread: z.stringbool().optional().meta({ description: 'Only what was not read, or only what was' }),
  limit: PageLimit,
});

export const NotificationList = z
  .object({ notifications: z.array(Notification), unread: z.int(), nextBefore: z.int().nullable() })
  .meta({ id: 'NotificationList' });

/** Internal: what a live client missed, oldest first, at most 1,000 (then `more` is true). */
export const FeedQuery = z.object({ after: queryInteger(0) });
export const Feed = z.object({ entries: z.array(Notification), more: z.boolean(), last: z.int() });
export type Feed = z.output<typeof Feed>;

export const LiveTicket = z.object({ ticket: z.string(), expiresIn: z.int() }).meta({ id: 'LiveTicket' });
/** The id of a frame: where in the feed to go on. */
export const LastEventId = queryInteger(0);
export const LiveQuery = z.strictObject({
  ticket: z
    .string()
    .max(200)
    .optional()
    .meta({ description: 'A live ticket, for clients that cannot send the header Authorization' }),
  lastEventId: LastEventId.optional().meta({
    description: 'For clients that cannot send the header Last-Event-ID',
  }),
});

const service = 'notification';

export const notificationRoutes = {
  list: route('GET', '/v1/notifications', {
    summary: 'Your notifications, newest first',
    service,
    kind: 'read',
    query: ListNotificationsQuery,
    success: { status: 200, body: NotificationList },
  }),
  preferences: route('GET', '/v1/notifications/preferences', {
    summary: 'Your notification preferences',
    service,
    kind: 'read',
    success: { status: 200, body: Preferences },
  }),
  setPreferences: route('PUT', '/v1/notifications/preferences', {
    summary: 'Replace your notification preferences',
    service,
    kind: 'command',
    body: Preferences,
    success: { status: 200, body: Preferences },
  }),
  read: route('POST', '/v1/notifications/{id}/read', {
    summary: 'Mark a notification as read',
    service,
    kind: 'command',
    params: z.object({ id: Uuid }),
    success: { status: 200, body: Notification },
    problems: ['not_found'],
  }),
} as const;

export const liveRoutes = {
  live: route('GET', '/v1/live', {
    summary: 'Live events as server-sent events; resumes after Last-Event-ID',
    service: 'gateway',
    kind: 'local',
    query: LiveQuery,
    success: { status: 200, contentType: 'text/event-stream' },
  }),
  ticket: route('POST', '/v1/live/tickets', {
    summary: 'A one-use ticket of 30 s, for EventSource and WebSocket, which cannot send headers',
    service: 'gateway',
    kind: 'local',
    success: { status: 201, body: LiveTicket },
  }),
} as const;
