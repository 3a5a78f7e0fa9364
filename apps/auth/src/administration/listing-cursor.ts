import { Instant, Uuid } from '@taskwire/contracts';
import type { ListingPosition } from './account-listing-store.js';

/** Opaque to clients, and without an address: it stands in URLs. */
export function encodeCursor({ createdAt, id }: ListingPosition): string {
  return Buffer.from(`${createdAt.toISOString()} ${id}`).toString('base64url');
}

/** Null when the text is no cursor. */
export function decodeCursor(cursor: string): ListingPosition | null {
  const [time = '', id] = Buffer.from(cursor, 'base64url').toString().split(' ');
  const [instant, uuid] = [Instant.safeParse(time), Uuid.safeParse(id)];
  return instant.success && uuid.success ? { createdAt: new Date(instant.data), id: uuid.data } : null;
}
