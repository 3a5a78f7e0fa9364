import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createLogger } from '@taskwire/telemetry';
import { ServiceClients } from '../clients/service-clients.js';
import { Revocations } from './revocations.js';

const INTERNAL_TOKEN = 'internal-token';
const PAGE = 2;

let ended: { sessionId: string; endedAt: string }[];
let authAnswers: boolean;
let server: Server;
let services: ServiceClients;
let revocations: Revocations;

beforeEach(async () => {
  ended = [];
  authAnswers = true;
  server = createServer((request, response) => {
    const allowed = request.headers.authorization === `Bearer ${INTERNAL_TOKEN}`;
    const after = Number(new URL(request.url ?? '', 'http://auth').searchParams.get('after'));
    const sessions = ended.slice(after, after + PAGE);
    response.writeHead(authAnswers && allowed ? 200 : 503, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ position: after + sessions.length, sessions }));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  services = new ServiceClients({ auth: url }, INTERNAL_TOKEN);
  revocations = new Revocations(
    services,
    createLogger({ service: 'test', env: { LOG_LEVEL: 'silent' } }),
    20,
  );
});
afterEach(async () => {
  await revocations.stop();
  await services.close();
  server.closeAllConnections();
  server.close();
});

function end(at = new Date()): string {
  const sessionId = randomUUID();
  ended.push({ sessionId, endedAt: at.toISOString() });
  return sessionId;
}

async function until(condition: () => boolean): Promise<void> {
  const limit = performance.now() + 5_000;
  while (!condition()) {
    if (performance.now() > limit) throw new Error('not within 5 s');
    await delay(5);
  }
}

describe('revocations', () => {
  it('are complete once every page of the past was read', async () => {
    const sessions = Array.from({ length: 5 }, () => end());
    revocations.start();
    await until(() => revocations.complete);

    expect(sessions.every((session) => revocations.has(session))).toBe(true);
    expect(revocations.has(randomUUID())).toBe(false);
  });

  it('are read again and again, from where the last read ended', async () => {
    revocations.start();
    await until(() => revocations.complete);
    const session = end();

    await until(() => revocations.has(session));
  });

  it('are not complete before auth has answered', async () => {
    authAnswers = false;
    const session = end();
    revocations.start();
    await delay(50);
    expect(revocations.complete).toBe(false);

    authAnswers = true;
    await until(() => revocations.complete);
    expect(revocations.has(session)).toBe(true);
  });

  it('are waited for, but not without end', async () => {
    authAnswers = false;
    const session = end();
    revocations.start();
    await expect(revocations.known()).rejects.toMatchObject({ code: 'service_unavailable' });

    const waiting = revocations.known();
    authAnswers = true;
    await waiting;
    expect(revocations.has(session)).toBe(true);
  });

  it('are kept while auth is away', async () => {
    const session = end();
    revocations.start();
    await until(() => revocations.complete);
    authAnswers = false;
    await delay(50);

    expect(revocations.has(session)).toBe(true);
  });

  it('heard of by a broadcast count at once', () => {
    const session = randomUUID();
    revocations.add(session);

    expect(revocations.has(session)).toBe(true);
  });

  it('older than any token are forgotten', async () => {
    const old = end(new Date(Date.now() - 20 * 60_000));
    revocations.start();
    await until(() => revocations.complete);

    await until(() => !revocations.has(old));
  });
});
