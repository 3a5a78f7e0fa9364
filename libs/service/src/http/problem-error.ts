import { PROBLEMS, type ProblemBody, type ProblemCode } from '@taskwire/contracts';
import { currentTraceId } from '@taskwire/telemetry';

export interface ProblemOptions extends ErrorOptions {
  /** With `validation_failed`: where and what. */
  readonly errors?: ProblemBody['errors'];
  /** With `second_factor_needed` of a login: what the code belongs to. */
  readonly challenge?: string;
  /** Headers of the answer, for example `retry-after`. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** Ends a request with a problem of the contracts (RFC 9457). `detail` is for the caller: no secrets, no inner hosts. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError';
  readonly errors: ProblemBody['errors'];
  readonly challenge: string | undefined;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    readonly code: ProblemCode,
    readonly detail?: string,
    { errors, challenge, headers = {}, ...options }: ProblemOptions = {},
  ) {
    super(detail ?? PROBLEMS[code].title, options);
    this.errors = errors;
    this.challenge = challenge;
    this.headers = headers;
  }

  get status(): number {
    return PROBLEMS[this.code].status;
  }

  body(): ProblemBody {
    return {
      type: `/docs/errors/${this.code}`,
      title: PROBLEMS[this.code].title,
      status: this.status,
      code: this.code,
      ...(this.detail !== undefined && { detail: this.detail }),
      traceId: currentTraceId() ?? '',
      ...(this.errors && { errors: this.errors }),
      ...(this.challenge !== undefined && { challenge: this.challenge }),
    };
  }
}
