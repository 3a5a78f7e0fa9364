/**
 * Whom a change breaks while an update rolls out, when old and new instances share the bus.
 * `behind`: receivers one version behind, by what is sent now.
 * `ahead`: receivers of this version, by what senders one version behind send, and by what lies in a log, an inbox or
 * among the parked messages.
 */
export type Victim = 'behind' | 'ahead';

export interface Change {
  /** JSON pointer of the field; empty for the whole. */
  readonly pointer: string;
  /** What changed, for example `"late" was added to the values`. */
  readonly what: string;
  /** Nobody: a compatible change. */
  readonly breaks: readonly Victim[];
}

export const widened = (pointer: string, what: string): Change => ({ pointer, what, breaks: ['behind'] });
export const narrowed = (pointer: string, what: string): Change => ({ pointer, what, breaks: ['ahead'] });
export const replaced = (pointer: string, what: string): Change => ({
  pointer,
  what,
  breaks: ['behind', 'ahead'],
});
export const compatible = (pointer: string, what: string): Change => ({ pointer, what, breaks: [] });
