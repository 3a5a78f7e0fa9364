import type { Letter } from './letter.js';

/** Delivers letters: an SMTP server, or the embedded mailbox. A letter may come again with the same Message-ID. */
export interface Mailer {
  /** Rejects with a RefusedError when no later attempt can succeed; with anything else when one may. */
  deliver(letter: Letter): Promise<void>;
}

export class RefusedError extends Error {
  override readonly name = 'RefusedError';
}
