import { EVENT_OF_KIND, type Notification } from '@taskwire/contracts';

/** What a live client gets: the entry's number, the name of the event that it tells of, and the entry. */
export interface Frame {
  readonly id: number;
  readonly event: string;
  readonly data: Notification;
}

export function frameOf(entry: Notification): Frame {
  return { id: entry.number, event: EVENT_OF_KIND[entry.kind], data: entry };
}
