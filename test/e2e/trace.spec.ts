import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { InMemorySpanExporter, type ReadableSpan, SimpleSpanProcessor } from '@opentelemetry/sdk-trace';
import type { ProblemBody } from '@taskwire/contracts';
import { startTelemetry, type Telemetry } from '@taskwire/telemetry';
import { answerOf, type Client, signUp } from './client.js';
import { type Platform, startPlatform } from './platform.js';
import { until } from './until.js';

const exporter = new InMemorySpanExporter();
let telemetry: Telemetry;
let platform: Platform;
let ada: Client;

beforeAll(async () => {
  const spanProcessors = [new SimpleSpanProcessor({ exporter })];
  telemetry = startTelemetry({ service: 'e2e', env: {}, spanProcessors });
  platform = await startPlatform();
  ada = await signUp(platform.api);
  await ada.createTask('before');
  // A batch of several traces is linked to them, not part of one: so nothing else may be under way.
  await until(
    'analytics has counted the task before',
    async () => (await answerOf(ada.api.GET('/v1/analytics/me'))).body,
    ({ tasksCreated }) => tasksCreated === 1,
  );
  exporter.reset();
}, 60_000);
afterAll(async () => {
  await platform?.stop();
  await telemetry?.shutdown();
}, 30_000);

const serviceOf = ({ attributes }: ReadableSpan) => attributes['taskwire.service'];
const statementOf = ({ attributes }: ReadableSpan) => String(attributes['db.query.text'] ?? '');

function traceOf(name: string): ReadableSpan[] {
  const spans = exporter.getFinishedSpans();
  const root = spans.find((span) => span.name === name)?.spanContext().traceId;
  return spans.filter((span) => span.spanContext().traceId === root);
}

function inserted(spans: readonly ReadableSpan[], service: string, table: RegExp): boolean {
  return spans.some((span) => serviceOf(span) === service && table.test(statementOf(span)));
}

describe('the trace of POST /v1/tasks', () => {
  it('is one, from the request to the inserts of the last consumers', async () => {
    await ada.createTask('traced');
    const spans = await until(
      'all consumers have stored the event',
      () => Promise.resolve(traceOf('POST /v1/tasks')),
      (found) =>
        inserted(found, 'notification', /insert into notifications/i) &&
        inserted(found, 'analytics', /insert into user_days/i) &&
        found.filter(({ name }) => name === 'process task.events.v1').length === 2,
    );
    const ids = new Set(spans.map((span) => span.spanContext().spanId));
    const roots = spans.filter(({ parentSpanContext: parent }) => !parent || !ids.has(parent.spanId));
    const named = (name: string) =>
      spans
        .filter((span) => span.name === name)
        .map(serviceOf)
        .sort();

    expect(roots.map(({ name }) => name)).toEqual(['POST /v1/tasks']);
    expect(inserted(spans, 'task', /insert into tasks/i)).toBe(true);
    expect(named('process task.commands.v1')).toEqual(['task']);
    expect(named('process task.events.v1')).toEqual(['analytics', 'notification']);
    expect(named('send task.commands.v1')).toEqual(['gateway']);
    expect(named('send task.events.v1')).toHaveLength(1);
  });

  it('has an id that its client has not chosen: the trace of the client is linked', async () => {
    exporter.reset();
    const [traceId, spanId] = ['0af7651916cd43dd8448eb211c80319c', 'b7ad6b7169203331'];
    const headers = { traceparent: `00-${traceId}-${spanId}-00` };
    const { body } = await ada.call<ProblemBody>('POST', '/v1/tasks', { title: '' }, headers);
    const [root] = traceOf('POST /v1/tasks');

    expect(body.traceId).not.toBe(traceId);
    expect(root?.spanContext().traceId).toBe(body.traceId);
    expect(root?.links).toMatchObject([{ context: { traceId, spanId } }]);
  });

  it('is named in a problem', async () => {
    exporter.reset();
    const { problem } = await answerOf(ada.api.POST('/v1/tasks', { body: { title: '' } }));

    expect(traceOf('POST /v1/tasks')[0]?.spanContext().traceId).toBe(problem?.traceId);
  });
});
