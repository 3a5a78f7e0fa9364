import { ProblemError } from '@taskwire/service';
import { dictionary } from '@zxcvbn-ts/language-common';

// All in lower case. The list knows no minimum, so most of it is shorter than any password here.
const COMMON = new Set(dictionary['passwords-common']);
const OURS = 'taskwire';

/** Whose password it is to be. */
export interface PasswordOwner {
  readonly email: string;
  readonly name: string;
}

/** Why a password would be among the first to be tried (ASVS 5 6.2.4 and 6.2.11), or null. */
export function guessable(password: string, { email, name }: PasswordOwner): string | null {
  const text = password.toLowerCase();
  if (COMMON.has(text)) return 'is one of the most common passwords: choose another';
  const known = [OURS, name, email, email.slice(0, email.lastIndexOf('@'))].map((word) => word.toLowerCase());
  const isKnown = known.includes(text) || known.map(letters).includes(letters(text) || text);
  return isKnown ? 'is little more than your name, your email or ours: choose another' : null;
}

/** Throws `validation_failed`; `pointer` is where in the body the password is. */
export function refuseGuessable(password: string, owner: PasswordOwner, pointer: string): void {
  const detail = guessable(password, owner);
  if (detail !== null)
    throw new ProblemError('validation_failed', undefined, { errors: [{ pointer, detail }] });
}

/** Without what people add to a word that is asked to be longer: digits and signs around it. */
function letters(text: string): string {
  return text.replace(/^\P{L}+|\P{L}+$/gu, '');
}
