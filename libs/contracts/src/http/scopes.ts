import { z } from 'zod';
import type { Route } from './route.js';

/** What an API token may be allowed. */
export const Scope = z.enum([
  'tasks:read',
  'tasks:write',
  'notifications:read',
  'notifications:write',
  'analytics:read',
]);
export type Scope = z.output<typeof Scope>;

/** `any`: an API token whatever its scopes; null: none at all. */
type Need = Scope | 'any' | null;

/** By what stands behind /v1/ in a path: what reading it needs, and what all else there needs. */
const NEEDS: Readonly<Record<string, { readonly read: Need; readonly write: Need }>> = {
  tasks: { read: 'tasks:read', write: 'tasks:write' },
  notifications: { read: 'notifications:read', write: 'notifications:write' },
  // A ticket is a way to read.
  live: { read: 'notifications:read', write: 'notifications:read' },
  analytics: { read: 'analytics:read', write: null },
  // Its id is signed, and told to nobody but who made the write.
  operations: { read: 'any', write: 'any' },
};

/** What an API token needs for a route. Routes that nobody thought of, accounts and credentials among them, take none. */
export function scopeOf({ method, path }: Route): Need {
  const [, thing = ''] = /^\/v1\/([^/]+)/.exec(path) ?? [];
  const need = NEEDS[thing];
  return (method === 'GET' ? need?.read : need?.write) ?? null;
}
