import {
  SessionEnded,
  SessionStarted,
  type TaskFact,
  TaskCompleted,
  TaskCreated,
  TaskDeleted,
  TaskReopened,
  TaskUpdated,
  UserRegistered,
  UserUpdated,
} from '@taskwire/contracts';
import { type EventOf, isEvent } from '@taskwire/messaging';

export const activityEvents = [
  ...[TaskCreated, TaskUpdated, TaskCompleted, TaskReopened, TaskDeleted],
  ...[UserRegistered, UserUpdated, SessionStarted, SessionEnded],
] as const;
export type ActivityEvent = EventOf<(typeof activityEvents)[number]>;

export type Feature = 'tasks' | 'completion' | 'due_dates' | 'reminders' | 'labels' | 'priorities';

/** What an event adds to the counts. */
export interface Activity {
  readonly userId: string;
  /** UTC. */
  readonly day: string;
  /** Which partition it came by. */
  readonly source: string;
  /** Whether the user did it: a session that ends, or a role that an admin grants, makes nobody active. */
  readonly active: boolean;
  readonly registrations: number;
  readonly created: number;
  readonly completed: number;
  readonly reopened: number;
  readonly deleted: number;
  readonly features: readonly Feature[];
}

const NOTHING = {
  active: true,
  registrations: 0,
  created: 0,
  completed: 0,
  reopened: 0,
  deleted: 0,
  features: [],
};

export function activityOf(event: ActivityEvent): Activity {
  const source = `${event.topic}/${event.partition}`;
  const at = (userId: string, instant: string, counts: Partial<Activity> = {}): Activity => {
    return { ...NOTHING, userId, day: dayOf(instant), source, ...counts };
  };
  const stored = event.firstSentAt.toISOString();

  if (isEvent(event, TaskCreated)) {
    const { task } = event.payload;
    return at(task.ownerId, task.createdAt, { created: 1, features: ['tasks', ...featuresOf(task)] });
  }
  if (isEvent(event, TaskCompleted)) {
    const { task } = event.payload;
    return at(task.ownerId, task.completedAt ?? task.updatedAt, { completed: 1, features: ['completion'] });
  }
  if (isEvent(event, TaskReopened)) {
    const { task } = event.payload;
    return at(task.ownerId, task.updatedAt, { reopened: 1 });
  }
  if (isEvent(event, TaskUpdated)) {
    const { task } = event.payload;
    return at(task.ownerId, task.updatedAt, { features: featuresOf(task) });
  }
  if (isEvent(event, TaskDeleted)) return at(event.payload.ownerId, stored, { deleted: 1 });
  if (isEvent(event, UserRegistered)) return at(event.payload.userId, event.payload.at, { registrations: 1 });
  if (isEvent(event, SessionStarted)) return at(event.payload.userId, event.payload.at);
  if (isEvent(event, SessionEnded)) return at(event.payload.userId, event.payload.at, { active: false });
  return at(event.payload.userId, stored, { active: event.actor === event.payload.userId });
}

/** Features that show in the task itself. */
function featuresOf(task: TaskFact): Feature[] {
  const used: [Feature, boolean][] = [
    ['due_dates', task.dueAt !== null],
    ['reminders', task.remindAt !== null],
    ['labels', task.labels.length > 0],
    ['priorities', task.priority !== 'medium'],
  ];
  return used.filter(([, isUsed]) => isUsed).map(([feature]) => feature);
}

function dayOf(instant: string): string {
  return new Date(instant).toISOString().slice(0, 10);
}
