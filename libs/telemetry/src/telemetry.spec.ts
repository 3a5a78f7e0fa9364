import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { context, propagation, ROOT_CONTEXT, SpanKind, trace } from '@opentelemetry/api';
import { InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace';
import { afterEach, describe, expect, it } from '@jest/globals';
import { ATTR, CONSUMER_GROUP } from './names.js';
import { currentTraceId, startTelemetry, type Telemetry } from './telemetry.js';

const started: Telemetry[] = [];
afterEach(async () => {
  for (const telemetry of started.splice(0)) await telemetry.shutdown();
});

function start(env: NodeJS.ProcessEnv = {}) {
  const exporter = new InMemorySpanExporter();
  const processor = new SimpleSpanProcessor({ exporter });
  const telemetry = startTelemetry({ service: 'taskwire-test', env, spanProcessors: [processor] });
  started.push(telemetry);
  const finishedSpans = async () => {
    await processor.forceFlush();
    return exporter.getFinishedSpans();
  };
  return { telemetry, finishedSpans };
}

const tracer = () => trace.getTracer('test');

async function collector(): Promise<{ server: Server; url: string; paths: string[] }> {
  const paths: string[] = [];
  const server = createServer((request, response) => {
    paths.push(request.url ?? '');
    request.resume().on('end', () => response.writeHead(200).end());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, paths, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

describe('telemetry', () => {
  it.each([
    ['OTEL_EXPORTER_OTLP_ENDPOINT', '', '/v1/traces'],
    ['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', '/elsewhere', '/elsewhere'],
  ])('sends spans where %s says, at the latest when it ends', async (name, path, received) => {
    const { server, url, paths } = await collector();
    const { telemetry } = start({ [name]: `${url}${path}` });
    tracer().startSpan('work', { kind: SpanKind.SERVER }).end();
    await telemetry.shutdown();
    server.closeAllConnections();
    server.close();

    expect(paths).toEqual([received]);
  });

  it('continues traces of other processes by W3C headers', () => {
    start();
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    const incoming = propagation.extract(ROOT_CONTEXT, { traceparent });
    const outgoing: Record<string, string> = {};
    context.with(incoming, () => {
      tracer().startActiveSpan('work', (span) => {
        propagation.inject(context.active(), outgoing);
        expect(currentTraceId()).toBe('4bf92f3577b34da6a3ce929d0e0e4736');
        span.end();
      });
    });

    expect(outgoing.traceparent).toMatch(/^00-4bf92f3577b34da6a3ce929d0e0e4736-/);
    expect(outgoing.traceparent).not.toBe(traceparent);
  });

  it('follows work over awaits', async () => {
    start();
    await tracer().startActiveSpan('work', async (span) => {
      await new Promise((resolve) => setImmediate(resolve));
      expect(currentTraceId()).toMatch(/[1-9a-f]/);
      expect(currentTraceId()).toBe(span.spanContext().traceId);
      span.end();
    });
  });

  it('is one for a process, until its last service has ended', async () => {
    const { finishedSpans } = start();
    const second = startTelemetry({ service: 'taskwire-other', env: {} });
    await second.shutdown();
    await second.shutdown();
    tracer().startSpan('work', { kind: SpanKind.SERVER }).end();

    expect(await finishedSpans()).toHaveLength(1);
  });

  it('can be started again', async () => {
    await start().telemetry.shutdown();
    const { finishedSpans } = start();
    tracer().startSpan('work', { kind: SpanKind.SERVER }).end();

    expect(await finishedSpans()).toHaveLength(1);
  });
});

describe('work that nobody asked for', () => {
  it('is not traced, nor what it causes elsewhere', async () => {
    const { finishedSpans } = start();
    const headers: Record<string, string> = {};
    tracer().startActiveSpan('poll', { kind: SpanKind.CLIENT }, (poll) => {
      propagation.inject(context.active(), headers);
      tracer().startSpan('query').end();
      poll.end();
    });
    const received = propagation.extract(ROOT_CONTEXT, headers);
    tracer().startSpan('answer', { kind: SpanKind.SERVER }, received).end();

    expect(await finishedSpans()).toEqual([]);
  });
});

describe('a span', () => {
  it('names its service: by its own word, its consumer group, or what it is part of', async () => {
    const { finishedSpans } = start();
    const within = (parent: ReturnType<ReturnType<typeof tracer>['startSpan']>) =>
      trace.setSpan(ROOT_CONTEXT, parent);
    const request = tracer().startSpan('request', {
      ...{ kind: SpanKind.SERVER, attributes: { [ATTR.service]: 'gateway' } },
    });
    const send = tracer().startSpan('send', { kind: SpanKind.PRODUCER }, within(request));
    const process = tracer().startSpan(
      'process',
      { kind: SpanKind.CONSUMER, attributes: { [CONSUMER_GROUP]: 'task.commands' } },
      within(send),
    );
    const insert = tracer().startSpan('insert', {}, within(process));
    for (const span of [insert, process, send, request]) span.end();

    const names = (await finishedSpans()).map(({ name, attributes }) => [name, attributes[ATTR.service]]);
    expect(Object.fromEntries(names)).toEqual({
      ...{ request: 'gateway', send: 'gateway', process: 'task', insert: 'task' },
    });
  });
});
