import { z } from 'zod';
import { Instant } from '../values.js';
import { Session, User } from './accounts.js';
import { ApiToken } from './api-tokens.js';
import { UserAnalytics } from './analytics.js';
import { AuditEntry } from './audit.js';
import { Notification, Preferences } from './notifications.js';
import { Passkey } from './passkeys.js';
import { route } from './route.js';
import { SecondFactor } from './second-factors.js';
import { Task } from './tasks.js';
import { Webhook } from './webhooks.js';

/** What is stored of a user. `audit`: what was done in auth by or to the account. `analytics`: of the last 365 days. */
export const AccountExport = z
  .object({
    exportedAt: Instant,
    user: User,
    sessions: z.array(Session),
    secondFactor: SecondFactor,
    passkeys: z.array(Passkey),
    apiTokens: z.array(ApiToken),
    preferences: Preferences,
    analytics: UserAnalytics,
    webhooks: z.array(Webhook),
    audit: z.array(AuditEntry.omit({ sealed: true, hash: true })),
    notifications: z.array(Notification),
    tasks: z.array(Task),
  })
  .meta({ id: 'AccountExport' });

export const exportRoutes = {
  account: route('GET', '/v1/auth/me/export', {
    summary: 'All that is stored of you, as one JSON document; twice a minute at most',
    service: 'gateway',
    kind: 'local',
    success: { status: 200, body: AccountExport, streamed: true },
    headers: ['Content-Disposition'],
    problems: ['service_unavailable', 'timeout', 'not_found'],
  }),
} as const;
