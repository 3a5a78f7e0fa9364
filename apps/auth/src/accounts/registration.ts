import type { RegisterBody, SignedIn } from '@taskwire/contracts';
import type { z } from 'zod';
import type { RequestClient } from '../sessions/request-client.js';

export const REGISTRATION = Symbol('Registration');

/** What `REGISTRATION` decides: whether an account may be used at once, or when its address is confirmed. */
export interface Registration {
  /** Undefined: nothing more is told before the mailed link was used. */
  register(body: z.output<typeof RegisterBody>, client: RequestClient): Promise<SignedIn | undefined>;
}
