import { command, event } from '@taskwire/messaging';
import { z } from 'zod';
import { AvatarUrl, DisplayName, Role } from '../http/accounts.js';
import { Instant, Locale, TimeZone, Uuid } from '../values.js';

const COMMANDS = 'auth.commands.v1';
const EVENTS = 'auth.events.v1';
const byUser = (payload: { userId: string }) => payload.userId;

/** The reply carries ids and versions only: the gateway reads the profile afterwards, so no address crosses the bus. */
export const UpdateProfile = command('auth.profile.update.v1', {
  topic: COMMANDS,
  key: byUser,
  payload: z.object({
    userId: Uuid,
    version: z.int().positive().nullable(),
    changes: z.object({
      name: DisplayName.optional(),
      timeZone: TimeZone.optional(),
      locale: Locale.optional(),
      avatarUrl: AvatarUrl.nullable().optional(),
    }),
  }),
  reply: z.object({ userId: Uuid, version: z.int().positive() }),
  rejections: ['not_found', 'version_conflict'],
});

export const EndSession = command('auth.session.end.v1', {
  topic: COMMANDS,
  key: byUser,
  payload: z.object({ userId: Uuid, sessionId: Uuid }),
  reply: z.object({ sessionId: Uuid }),
  rejections: ['not_found'],
});

/** All but the one that the command was sent in, as its envelope says. */
export const EndOtherSessions = command('auth.other_sessions.end.v1', {
  topic: COMMANDS,
  key: byUser,
  payload: z.object({ userId: Uuid }),
  reply: z.object({ ended: z.int().nonnegative() }),
  rejections: [],
});

export const UserRegistered = event('auth.user.registered.v1', {
  topic: EVENTS,
  key: byUser,
  payload: z.object({ userId: Uuid, timeZone: TimeZone, at: Instant }),
});

export const UserUpdated = event('auth.user.updated.v1', {
  topic: EVENTS,
  key: byUser,
  payload: z.object({ userId: Uuid, version: z.int().positive(), timeZone: TimeZone, roles: z.array(Role) }),
});

export const SessionStarted = event('auth.session.started.v1', {
  topic: EVENTS,
  key: byUser,
  payload: z.object({ userId: Uuid, sessionId: Uuid, at: Instant }),
});

/** Access tokens of the session are void from now on. A hint: processes read `/internal/revocations` anyway. */
export const SessionEnded = event('auth.session.ended.v1', {
  topic: EVENTS,
  key: byUser,
  payload: z.object({ userId: Uuid, sessionId: Uuid, at: Instant }),
});

export const PasswordChanged = event('auth.password.changed.v1', {
  topic: EVENTS,
  key: byUser,
  payload: z.object({ userId: Uuid, at: Instant }),
});

/** An email that auth wants sent: whom to and what it says is asked of auth when it is sent. `userId`: null where nobody has the address. */
export const EmailRequested = event('auth.email.requested.v1', {
  topic: EVENTS,
  key: (e) => e.emailId,
  payload: z.object({ emailId: Uuid, userId: Uuid.nullable(), at: Instant }),
});

/**
 * The account is gone, and all that is stored of it has to go. Comes a second time `at` some minutes later, for what was
 * still being written the first time.
 */
export const UserDeleted = event('auth.user.deleted.v1', {
  topic: EVENTS,
  key: byUser,
  payload: z.object({ userId: Uuid, at: Instant }),
});
