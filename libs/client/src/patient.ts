const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 5_000;
/** Nothing was done, or nobody knows: another attempt is right. */
const PASSING = new Set([429, 502, 503, 504]);

type Attempt = { readonly response: Response } | { readonly fault: unknown };

/** A `fetch` that repeats what may be repeated, until it is answered or `limitMs` have passed. */
export function patient(limitMs: number): (request: Request) => Promise<Response> {
  return async (request) => {
    const end = performance.now() + limitMs;
    const mayRepeat = limitMs > 0 && isRepeatable(request);
    for (let attempt = 1; ; attempt += 1) {
      const made = await attemptOf(request.clone(), end, limitMs);
      const pauseMs = 'fault' in made ? pauseBefore(attempt) : pauseAfter(made.response, attempt);
      if (!mayRepeat || pauseMs === undefined || performance.now() + pauseMs > end) return answerOf(made);
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  };
}

function isRepeatable({ method, headers }: Request): boolean {
  return method === 'GET' || method === 'HEAD' || headers.has('Idempotency-Key');
}

async function attemptOf(request: Request, end: number, limitMs: number): Promise<Attempt> {
  const restMs = limitMs > 0 ? Math.max(1, Math.ceil(end - performance.now())) : undefined;
  const signals = [request.signal, ...(restMs === undefined ? [] : [AbortSignal.timeout(restMs)])];
  try {
    return { response: await fetch(request, { signal: AbortSignal.any(signals) }) };
  } catch (fault) {
    // Whoever aborts wants no other attempt.
    if (request.signal.aborted) throw fault;
    return { fault };
  }
}

function answerOf(made: Attempt): Response {
  if ('fault' in made) throw made.fault;
  return made.response;
}

/** How long to wait before the next attempt; undefined when the answer is final. */
function pauseAfter({ status, headers }: Response, attempt: number): number | undefined {
  if (!PASSING.has(status)) return undefined;
  const seconds = Number(headers.get('retry-after') ?? Number.NaN);
  return Number.isFinite(seconds) ? seconds * 1_000 : pauseBefore(attempt);
}

/** Grows, and differs from client to client. */
function pauseBefore(attempt: number): number {
  const most = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (attempt - 1));
  return most * (0.5 + Math.random() / 2);
}
