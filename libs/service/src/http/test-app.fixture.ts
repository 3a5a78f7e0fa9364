import { Controller, Module } from '@nestjs/common';
import { expect } from '@jest/globals';
import { ProblemBody, route } from '@taskwire/contracts';
import { InfrastructureError } from '@taskwire/messaging';
import { createLogger, startTelemetry } from '@taskwire/telemetry';
import { Client } from 'pg';
import { z } from 'zod';
import { AccessTokenVerifier } from '../access/access-token-verifier.js';
import { Caller } from '../access/caller.js';
import { PublishedKeys } from '../access/published-keys.js';
import { knownRevocations, makeKey, serveKeys, type TestKey } from '../access/tokens.fixture.js';
import { ServiceClients } from '../clients/service-clients.js';
import { createHttpApp } from '../http-server.js';
import { CONFIG } from '../tokens.js';
import { ProblemError } from './problem-error.js';
import { Body, InternalRoute, Params, Query, Route } from './route.js';

export const INTERNAL_TOKEN = 'internal-token-of-the-tests-0123456789';
const service = 'task';
const success = { status: 200 };
const Thing = z.strictObject({ name: z.string().min(1), tags: z.array(z.string()).default([]) });
const things = {
  create: route('POST', '/v1/things', {
    ...{ summary: '', service, kind: 'command', access: 'public', body: Thing },
    success: { status: 201 },
  }),
  list: route('GET', '/v1/things', {
    ...{ summary: '', service, kind: 'read', access: 'public', success },
    query: z.strictObject({ page: z.coerce.number().int().min(1).default(1) }),
  }),
  get: route('GET', '/v1/things/{id}', {
    ...{ summary: '', service, kind: 'read', access: 'public', params: z.object({ id: z.uuid() }), success },
  }),
  me: route('GET', '/v1/me', { summary: '', service, kind: 'read', success }),
  admin: route('GET', '/v1/admin', { summary: '', service, kind: 'read', access: 'admin', success }),
  old: route('GET', '/v1/old', {
    ...{ summary: '', service, kind: 'read', access: 'public', success },
    deprecated: {
      since: new Date('2026-11-27T00:00:00Z'),
      sunset: new Date('2027-05-27T00:00:00Z'),
      link: '/docs',
    },
  }),
  fail: route('GET', '/v1/fail/{how}', {
    ...{ summary: '', service, kind: 'read', access: 'public', success },
  }),
};

@Controller()
class Things {
  @Route(things.create)
  create(@Body() body: unknown) {
    return body;
  }

  @Route(things.list)
  list(@Query() query: unknown) {
    return query;
  }

  @Route(things.get)
  get(@Params() { id }: { id: string }) {
    return { id };
  }

  @Route(things.me)
  me(@Caller() { userId }: Caller) {
    return { userId };
  }

  @Route(things.admin)
  admin() {
    return {};
  }

  @Route(things.old)
  old() {
    return {};
  }

  @Route(things.fail)
  async fail(@Params() { how }: { how: string }) {
    if (how === 'database') await new Client({ host: '127.0.0.1', port: 1 }).connect();
    if (how === 'store') throw new InfrastructureError('connection to 10.0.0.7 lost');
    if (how === 'rule') {
      throw new ProblemError('version_conflict', 'it is at 3', { headers: { 'retry-after': '9' } });
    }
    throw new Error('password of the database is hunter2');
  }

  @InternalRoute('POST', '/internal/things')
  internal(@Body() body: unknown) {
    return Thing.parse(body);
  }
}

export interface TestApp {
  readonly url: string;
  /** Signs tokens that it accepts. */
  readonly key: TestKey;
  /** What it logged. */
  readonly lines: string[];
  /** The problem that it answers; checks what every problem has. */
  problemOf(path: string, init?: RequestInit): Promise<ProblemBody & { headers: Headers }>;
  close(): Promise<void>;
}

/** An application with routes of every kind on a real port, beside an auth that publishes keys. */
export async function startTestApp(): Promise<TestApp> {
  const telemetry = startTelemetry({ service: 'test', env: {} });
  const key = await makeKey();
  const auth = await serveKeys(key);
  const services = new ServiceClients({ auth: auth.url }, INTERNAL_TOKEN);
  const tokens = new AccessTokenVerifier(new PublishedKeys(services), knownRevocations());
  const providers = [
    { provide: AccessTokenVerifier, useValue: tokens },
    { provide: CONFIG, useValue: { INTERNAL_TOKEN } },
  ];
  @Module({ controllers: [Things], providers })
  class TestModule {}
  const lines: string[] = [];
  const destination = { write: (line: string) => lines.push(line) };
  const log = createLogger({ service: 'task', env: {}, destination });
  const app = await createHttpApp('task', TestModule, log);
  await app.listen(0, '127.0.0.1');
  const url = await app.getUrl();
  return {
    ...{ url, key, lines },
    problemOf: async (path, init) => problemIn(await fetch(`${url}${path}`, init)),
    close: async () => {
      await app.close();
      await services.close();
      await auth.close();
      await telemetry.shutdown();
    },
  };
}

async function problemIn(response: Response): Promise<ProblemBody & { headers: Headers }> {
  expect(response.headers.get('content-type')).toMatch(/^application\/problem\+json/);
  const body = ProblemBody.parse(await response.json());
  expect(body).toMatchObject({ status: response.status, type: `/docs/errors/${body.code}` });
  expect(body.traceId).toMatch(/^[0-9a-f]{32}$/);
  return { ...body, headers: response.headers };
}

export const json = (body: string): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body,
});

export const bearer = (token: string, init: RequestInit = {}): RequestInit => ({
  ...init,
  headers: { ...init.headers, authorization: `Bearer ${token}` },
});
