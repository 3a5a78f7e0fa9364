import { context, trace } from '@opentelemetry/api';
import { describe, expect, it } from '@jest/globals';
import { createLogger } from './logger.js';
import { startTelemetry } from './telemetry.js';

function makeLogger(env: NodeJS.ProcessEnv = {}) {
  const lines: string[] = [];
  const destination = { write: (line: string) => lines.push(line) };
  return { log: createLogger({ service: 'task', env, destination }), lines };
}

describe('a log line', () => {
  it('is JSON with the service, the level by name and a readable time', () => {
    const { log, lines } = makeLogger();
    log.info({ taskId: 't1' }, 'made a task');

    expect(JSON.parse(lines[0] ?? '')).toEqual({
      level: 'info',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      service: 'task',
      taskId: 't1',
      msg: 'made a task',
    });
  });

  it('names the trace that it was written in', async () => {
    const telemetry = startTelemetry({ service: 'test', env: {} });
    const { log, lines } = makeLogger();
    const span = trace.getTracer('test').startSpan('work');
    context.with(trace.setSpan(context.active(), span), () => log.info('inside'));
    log.info('outside');
    await telemetry.shutdown();

    const { traceId, spanId } = span.spanContext();
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ traceId, spanId });
    expect(JSON.parse(lines[1] ?? '')).not.toHaveProperty('traceId');
  });

  it('never holds what authenticates somebody, or an address', () => {
    const { log, lines } = makeLogger();
    const headers = { authorization: 'Bearer hunter2', cookie: 'hunter2', 'set-cookie': 'hunter2' };
    const body = { email: 'hunter2', password: 'hunter2', accessToken: 'hunter2', refreshToken: 'hunter2' };
    log.info({ req: { headers, body }, body, token: 'hunter2', INTERNAL_TOKEN: 'hunter2' }, 'request');

    expect(lines[0]).not.toContain('hunter2');
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ req: { headers: { authorization: '[redacted]' } } });
  });

  it('is left out below LOG_LEVEL', () => {
    const { log, lines } = makeLogger({ LOG_LEVEL: 'warn' });
    log.info('quiet');
    log.warn('loud');

    expect(lines).toHaveLength(1);
  });
});
