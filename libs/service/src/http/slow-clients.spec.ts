import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect as connectHttp2,
  constants,
} from 'node:http2';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import { Controller, Get, Module, Post, Res } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createLogger } from '@taskwire/telemetry';
import { until } from '@taskwire/testing';
import type { FastifyReply } from 'fastify';
import { createHttpApp } from '../http-server.js';
import { MAX_STREAMS, PATIENCE, type Patience } from './slow-clients.js';

const SHORT: Patience = { requestMs: 500, silenceMs: 1_000, keepAliveMs: 5_000, checkEveryMs: 50 };
/** More than what the buffers on the way take. */
const LARGE_BYTES = 64 * 1024 * 1024;
const DRIBBLE_MS = 100;

@Controller()
class Routes {
  @Post('/body')
  body() {
    return {};
  }

  @Get('/large')
  large() {
    return 'x'.repeat(LARGE_BYTES);
  }

  /** As live events: a beat, well within the silence that is borne. */
  @Get('/live')
  live(@Res() reply: FastifyReply) {
    reply.hijack();
    const { raw } = reply;
    raw.writeHead(200);
    const beat = setInterval(() => raw.write('.'), SHORT.silenceMs / 4);
    raw.once('close', () => clearInterval(beat));
  }
}

@Module({ controllers: [Routes] })
class RoutesModule {}

/** With `CI=true` a missing openssl is an error; elsewhere what needs it is skipped. */
function selfSigned(): { cert: string; key: string } | null {
  try {
    const command = 'req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -keyout - -out -';
    const both = execFileSync('openssl', command.split(' '), {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return { cert: both, key: both };
  } catch (error) {
    if (process.env.CI === 'true') throw error;
    return null;
  }
}

const certificate = selfSigned();
const log = createLogger({ service: 'task', env: {}, destination: { write: () => undefined } });
const closing: (() => void)[] = [];
/** Requests whose streams or connections are open still. */
let open: Set<FastifyReply>;
let app: NestFastifyApplication;

async function start(isTls: boolean, patience?: Patience): Promise<number> {
  const replies = new Set<FastifyReply>();
  open = replies;
  app = await createHttpApp(
    'task',
    RoutesModule,
    log,
    isTls && certificate ? certificate : undefined,
    patience,
  );
  app
    .getHttpAdapter()
    .getInstance()
    .addHook('onRequest', (_request, reply, done) => {
      replies.add(reply);
      reply.raw.once('close', () => replies.delete(reply));
      done();
    });
  await app.listen(0, '127.0.0.1');
  return (app.getHttpServer().address() as AddressInfo).port;
}

afterEach(async () => {
  for (const end of closing.splice(0)) end();
  await app.close();
});

describe.each([['HTTP/1.1', false], ...(certificate ? [['HTTP/1.1 over TLS', true] as const] : [])] as const)(
  'a client by %s',
  (_, isTls) => {
    async function connected(patience?: Patience): Promise<Socket> {
      const port = await start(isTls, patience);
      const where = { port, host: '127.0.0.1' };
      const socket = isTls
        ? connectTls({ ...where, rejectUnauthorized: false, ALPNProtocols: ['http/1.1'] })
        : connect(where);
      socket.on('error', () => undefined);
      closing.push(() => socket.destroy());
      await once(socket, isTls ? 'secureConnect' : 'connect');
      return socket;
    }
    const ask = (path: string) => `GET ${path} HTTP/1.1\r\nhost: a\r\n\r\n`;

    it('has half a minute for a request, and longer between two', async () => {
      await connected();
      const { requestTimeout, headersTimeout, keepAliveTimeout, timeout } = app.getHttpServer();

      expect({ requestTimeout, headersTimeout, keepAliveTimeout, timeout }).toEqual({
        requestTimeout: 30_000,
        headersTimeout: 30_000,
        keepAliveTimeout: 65_000,
        timeout: PATIENCE.silenceMs,
      });
    });

    it('that dribbles its body is told so, and disconnected', async () => {
      const socket = await connected(SHORT);
      const answer: Buffer[] = [];
      socket.on('data', (chunk: Buffer) => answer.push(chunk));
      const ended = once(socket, 'close');
      socket.write(
        'POST /body HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 999\r\n\r\n',
      );
      dribble(() => socket.write(' '));
      await ended;

      expect(String(Buffer.concat(answer))).toMatch(/^HTTP\/1.1 408 [^]*"code":"request_timeout"/);
      await until('its end', () => open.size === 0);
    });

    it('that does not read its answer is disconnected', async () => {
      const socket = await connected(SHORT);
      socket.pause().write(ask('/large'));
      await until('the request', () => open.size === 1);

      await until('its end', () => open.size === 0);
    });

    it('that listens to live events is left alone', async () => {
      const socket = await connected(SHORT);
      socket.resume().write(ask('/live'));
      await until('the request', () => open.size === 1);
      await sleep(3 * SHORT.silenceMs);

      expect(open.size).toBe(1);
    });
  },
);

(certificate ? describe : describe.skip)('a client by HTTP/2', () => {
  let session: ClientHttp2Session;
  beforeEach(async () => {
    const port = await start(true, SHORT);
    session = connectHttp2(`https://127.0.0.1:${port}`, { rejectUnauthorized: false });
    session.on('error', () => undefined);
    closing.push(() => session.destroy());
    await once(session, 'remoteSettings');
    // Which keeps the connection as a whole busy.
    dribble(() => session.ping(() => undefined));
  });

  it('may have so many requests under way', () => {
    expect(session.remoteSettings.maxConcurrentStreams).toBe(MAX_STREAMS);
  });

  it.each([
    ['dribbles its body', '/body'],
    ['never sends its body', '/body'],
    ['is answered without it', '/nothing'],
  ])('that %s loses this request only', async (how, path) => {
    const slow = post(path);
    if (how.startsWith('dribbles')) dribble(() => slow.write(' '));
    await once(slow, 'close');
    await until('its end', () => open.size === 0);
    const next = post('/body').end('{}');
    const [headers] = (await once(next, 'response')) as [Record<string, unknown>];

    if (path === '/body') expect(slow.rstCode).toBe(constants.NGHTTP2_CANCEL);
    expect(headers[':status']).toBe(201);
  });

  it('that does not read its answer loses it', async () => {
    const slow = session.request({ ':path': '/large' });
    slow.on('error', () => undefined);
    await until('the request', () => open.size === 1);

    await until('its end', () => open.size === 0);
    expect(session.closed).toBe(false);
  });

  it('that listens to live events is left alone', async () => {
    session.request({ ':path': '/live' }).resume();
    await until('the request', () => open.size === 1);
    await sleep(3 * SHORT.silenceMs);

    expect(open.size).toBe(1);
  });

  function post(path: string): ClientHttp2Stream {
    const stream = session.request({
      ':method': 'POST',
      ':path': path,
      'content-type': 'application/json',
    });
    return stream.on('error', () => undefined).resume();
  }
});

function dribble(write: () => void): void {
  const timer = setInterval(write, DRIBBLE_MS);
  closing.push(() => clearInterval(timer));
}
