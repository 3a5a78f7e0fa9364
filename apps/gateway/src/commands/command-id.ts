import { derivedUuid } from './uuid.js';

/** Names a write for good: a repeat with the same key has the same id, another user's or another path's never. */
export function commandId(user: string, method: string, path: string, key: string): string {
  return derivedUuid('command', user, method, path, key);
}

/** The id of what a create makes: every repeat of the command names the same thing. */
export function createdId(command: string): string {
  return derivedUuid('created', command);
}
