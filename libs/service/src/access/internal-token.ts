import { createHash, timingSafeEqual } from 'node:crypto';
import { bearerOf } from './bearer.js';

/** Beside a caller's token: that it is the gateway who sends it. */
export const INTERNAL_TOKEN_HEADER = 'x-internal-token';

const digest = (token: string): Buffer => createHash('sha256').update(token).digest();

/** Whether an Authorization header carries the token that the processes of the platform share. */
export function internalTokenCheck(internalToken: string): (authorization: string | undefined) => boolean {
  const expected = digest(internalToken);
  return (authorization) => {
    const token = bearerOf(authorization);
    return token !== undefined && timingSafeEqual(digest(token), expected);
  };
}
