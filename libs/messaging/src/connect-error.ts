import { types } from 'node:util';

/** `credentials`: the broker knows better who may come in. `certificate`: what it shows is not trusted here. */
export type ConnectReason = 'unreachable' | 'credentials' | 'certificate';

/** Why a broker can't be used; never with a password. */
export class ConnectError extends Error {
  override readonly name = 'ConnectError';
  constructor(
    readonly reason: ConnectReason,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }

  /** Of what a client rejected with, whose innermost cause says most. `areRefused`: it is about the credentials. */
  static of(error: unknown, areRefused: boolean): ConnectError {
    const causes = [...causesOf(error)];
    const message = causes.findLast((cause) => cause.message !== '')?.message ?? String(error);
    if (areRefused) return new ConnectError('credentials', message, { cause: error });
    // As OpenSSL and Node name what is wrong with a certificate.
    const isDistrusted = causes.some(({ code }) => /CERT|LEAF_SIGNATURE/.test(String(code)));
    return new ConnectError(isDistrusted ? 'certificate' : 'unreachable', message, { cause: error });
  }
}

/** An error and all that are inside it, outermost first. */
function* causesOf(error: unknown): Generator<NodeJS.ErrnoException> {
  if (!types.isNativeError(error)) return;
  yield error;
  if ('errors' in error && Array.isArray(error.errors))
    for (const inner of error.errors) yield* causesOf(inner);
  yield* causesOf(error.cause);
}
