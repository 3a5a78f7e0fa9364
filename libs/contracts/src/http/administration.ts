import { z } from 'zod';
import { Instant, Text, Uuid } from '../values.js';
import { User } from './accounts.js';
import { PageLimit } from './paging.js';
import { route } from './route.js';

/** An account as administrators see it. `disabledAt`: since when it can't be used; null: it can. */
export const AdminUser = User.extend({ disabledAt: Instant.nullable() }).meta({ id: 'AdminUser' });
export type AdminUser = z.output<typeof AdminUser>;
export const AdminUserPage = z
  .object({ users: z.array(AdminUser), nextCursor: z.string().nullable() })
  .meta({ id: 'AdminUserPage' });
export type AdminUserPage = z.output<typeof AdminUserPage>;

export const ListUsersQuery = z.strictObject({
  email: Text.trim()
    .toLowerCase()
    .min(1)
    .max(254)
    .meta({ description: 'What the address begins with' })
    .optional(),
  cursor: z.string().max(200).meta({ description: '`nextCursor` of the page before' }).optional(),
  limit: PageLimit,
});

const service = 'auth';
const access = 'admin';
const params = z.object({ id: Uuid });

export const administrationRoutes = {
  users: route('GET', '/v1/admin/users', {
    summary: 'All accounts, the newest first',
    service,
    kind: 'read',
    access,
    query: ListUsersQuery,
    success: { status: 200, body: AdminUserPage },
  }),
  disable: route('POST', '/v1/admin/users/{id}/disable', {
    summary: 'Disable an account: its sessions end, and nobody can sign in to it',
    service,
    kind: 'command',
    access,
    params,
    success: { status: 204 },
    problems: ['not_found', 'forbidden'],
  }),
  enable: route('POST', '/v1/admin/users/{id}/enable', {
    summary: 'Enable a disabled account',
    service,
    kind: 'command',
    access,
    params,
    success: { status: 204 },
    problems: ['not_found', 'forbidden'],
  }),
  resetSecondFactor: route('POST', '/v1/admin/users/{id}/second-factor/reset', {
    summary:
      'Remove the lost second factor of somebody else: the password is enough again, and all sessions end',
    service,
    kind: 'command',
    access,
    params,
    success: { status: 204 },
    problems: ['not_found', 'forbidden'],
  }),
} as const;
