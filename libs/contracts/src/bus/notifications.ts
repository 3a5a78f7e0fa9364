import { command, event } from '@taskwire/messaging';
import { z } from 'zod';
import { Notification, Preferences } from '../http/notifications.js';
import { Instant, Uuid } from '../values.js';
import { UserRegistered } from './accounts.js';
import { TaskCompleted, TaskCreated, TaskDeleted, TaskReopened, TaskUpdated } from './tasks.js';

const COMMANDS = 'notification.commands.v1';
/** Over HTTP a field that does not exist is a mistake; on the bus it comes from a newer version, and is left alone. */
const OpenPreferences = Preferences.strip();
const byUser = (payload: { userId: string }) => payload.userId;

export const ReadNotification = command('notification.read.v1', {
  topic: COMMANDS,
  key: byUser,
  payload: z.object({ notificationId: Uuid, userId: Uuid }),
  /** `userId`: by it a stored reply is found when the account goes. */
  reply: Notification.extend({ userId: Uuid.optional() }),
  rejections: ['not_found'],
});

export const SetPreferences = command('notification.preferences.set.v1', {
  topic: COMMANDS,
  key: byUser,
  payload: z.object({ userId: Uuid, preferences: OpenPreferences }),
  reply: OpenPreferences,
  rejections: [],
});

/** Gateways push this to the user's live connections; a resync reads the feed itself. */
export const FeedAppended = event('notification.feed.appended.v1', {
  topic: 'notification.feed.v1',
  key: byUser,
  payload: z.object({ userId: Uuid, event: z.string(), entry: Notification }),
});

/** Scheduled for `remindAt`; its receiver checks that the reminder still stands at this time. */
export const ReminderDue = event('notification.reminder.due.v1', {
  topic: 'notification.reminders.v1',
  key: byUser,
  payload: z.object({ userId: Uuid, taskId: Uuid, remindAt: Instant }),
});

/** The event that a notification of each kind tells of: the name that live clients see. */
export const EVENT_OF_KIND: Readonly<Record<Notification['kind'], string>> = {
  task_created: TaskCreated.type,
  task_updated: TaskUpdated.type,
  task_completed: TaskCompleted.type,
  task_reopened: TaskReopened.type,
  task_deleted: TaskDeleted.type,
  task_reminder: ReminderDue.type,
  welcome: UserRegistered.type,
};
