import type { FastifyInstance } from 'fastify';

/** Answers what is missing, or null. Must end by itself. */
export type HealthCheck = () => Promise<string | null>;

/** Time that all checks together may take. */
const LIMIT_MS = 2_000;

/** `/health/live`: the process runs. `/health/ready`: it can do its work; else 503 and what is missing. */
export function serveHealth(
  fastify: FastifyInstance,
  service: string,
  checks: Readonly<Record<string, HealthCheck>>,
): void {
  fastify.get('/health/live', async () => ({ service, status: 'up' }));
  fastify.get('/health/ready', async (_request, reply) => {
    const found = await Promise.all(
      Object.entries(checks).map(async ([name, check]) => [name, await within(check())] as const),
    );
    const missing = Object.fromEntries(found.filter(([, problem]) => problem !== null));
    const ready = Object.keys(missing).length === 0;
    return reply
      .status(ready ? 200 : 503)
      .header('cache-control', 'no-store')
      .send({ service, status: ready ? 'ready' : 'not ready', ...(ready ? {} : { missing }) });
  });
}

async function within(check: Promise<string | null>): Promise<string | null> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve(`no answer within ${LIMIT_MS} ms`), LIMIT_MS);
  });
  try {
    return await Promise.race([check, late]);
  } catch (error) {
    return error instanceof Error ? error.message : 'failed';
  } finally {
    clearTimeout(timer);
  }
}
