import { describe, expect, it } from '@jest/globals';
import { topicsOf, topologyOf } from '@taskwire/messaging';
import { z } from 'zod';
import {
  CreateTaskBody,
  ListTasksQuery,
  LoginBody,
  PROBLEMS,
  RegisterBody,
  UpdateTaskBody,
  User,
  contracts,
  routes,
  scopeOf,
  subscriptions,
} from './index.js';
import { senderOf, serviceOf } from './parties.js';

const commands = contracts.filter((contract) => contract.kind === 'command');

/** Every property name in a JSON Schema, nested ones too. */
function propertyNames(schema: unknown): string[] {
  if (Array.isArray(schema)) return schema.flatMap(propertyNames);
  if (typeof schema !== 'object' || schema === null) return [];
  const own = 'properties' in schema && schema.properties ? Object.keys(schema.properties) : [];
  return [...own, ...Object.values(schema).flatMap(propertyNames)];
}

const queries = routes.filter(({ query }) => query !== undefined);

describe('the queries of routes', () => {
  it.each(queries.map((route) => [`${route.method} ${route.path}`, route.query!] as const))(
    '%s refuses a parameter that it does not know',
    (_, query) => {
      expect(query.safeParse({}).success).toBe(true);
      expect(query.safeParse({ foo: '1' }).error?.issues).toMatchObject([{ code: 'unrecognized_keys' }]);
    },
  );

  it.each(['1e3', '0x10', ' 1', '1.0', '+1', '-1', '', 'one', '9'.repeat(20)])(
    'take no number as %p',
    (page) => {
      expect(ListTasksQuery.safeParse({ page }).success).toBe(false);
    },
  );

  it('take plain digits', () => {
    expect(ListTasksQuery.parse({ page: '12', limit: '07' })).toMatchObject({ page: 12, limit: 7 });
  });

  it('take a page or a cursor, not both', () => {
    const { error } = ListTasksQuery.safeParse({ page: '1', cursor: '' });
    expect(error?.issues).toMatchObject([{ path: ['page'], message: 'cannot go together with cursor' }]);
  });
});

describe('a display name', () => {
  const register = (name: string) =>
    RegisterBody.safeParse({ email: 'a@example.org', password: '12345678', name });

  it.each(['A\r\nBcc: x@y.z', 'A\tB', 'A\u0000', 'A\u001b[31m', 'A\u0085B', 'A\u2028B'])(
    'is refused: %j',
    (name) => {
      expect(register(name).error?.issues[0]?.path).toEqual(['name']);
    },
  );

  it.each([' Ada ', 'Zoë 李 🚀', "O'Neil-Smith Jr."])('is taken: %j', (name) => {
    expect(register(name).data?.name).toBe(name.trim());
  });

  it('of an account that has another kind already can still be read', () => {
    expect(User.shape.name.safeParse('A\tB').success).toBe(true);
  });
});

describe('the contracts', () => {
  it('name every message once', () => {
    const types = contracts.map((contract) => contract.type);
    expect(new Set(types).size).toBe(types.length);
  });

  it.each(commands.map((contract) => [contract.type, contract] as const))(
    '%s has exactly one group that serves it, and only rejections that the API can answer',
    (_, contract) => {
      const groups = subscriptions.filter((s) => s.kind === 'group' && s.commands.includes(contract));
      expect(groups).toHaveLength(1);
      expect(contract.rejections.filter((code) => !(code in PROBLEMS))).toEqual([]);
    },
  );

  it.each(contracts.map((contract) => [contract.type, contract] as const))(
    '%s carries no address and no secret',
    (_, contract) => {
      const schemas = [contract.payload, ...(contract.kind === 'command' ? [contract.reply] : [])];
      const names = schemas.flatMap((schema) => propertyNames(z.toJSONSchema(schema, { io: 'input' })));
      expect(names.filter((name) => /email(?!Reminders|Id$)|password|token|secret/i.test(name))).toEqual([]);
    },
  );

  it('give every subscription a name of its own and topics that the topology declares', () => {
    const names = subscriptions.map((s) => s.name);
    expect(new Set(names).size).toBe(names.length);
    const topics = topologyOf(contracts, subscriptions).topics.map((topic) => topic.name);
    expect(subscriptions.flatMap(topicsOf).filter((topic) => !topics.includes(topic))).toEqual([]);
  });

  it('name who sends and who receives', () => {
    const services = new Set<string>([...routes.map(({ service }) => service), 'every service']);
    const senders = contracts.map(senderOf);
    const receivers = subscriptions.map(({ name }) => serviceOf(name));
    expect([...senders, ...receivers].filter((name) => !services.has(name))).toEqual([]);
  });

  it('declare each route once', () => {
    const names = routes.map((route) => `${route.method} ${route.path}`);
    expect(new Set(names).size).toBe(names.length);
  });
});

describe('what an API token needs', () => {
  // A new route is out of its reach until somebody decides otherwise, here and in scopes.ts.
  const expected: Record<string, string[]> = {
    'tasks:read': ['GET /v1/tasks', 'GET /v1/tasks/stats', 'GET /v1/tasks/{id}'],
    'tasks:write': [
      'POST /v1/tasks',
      'PATCH /v1/tasks/{id}',
      'DELETE /v1/tasks/{id}',
      'POST /v1/tasks/{id}/complete',
      'POST /v1/tasks/{id}/reopen',
    ],
    'notifications:read': [
      'GET /v1/notifications',
      'GET /v1/notifications/preferences',
      'POST /v1/live/tickets',
      'GET /v1/live',
    ],
    'notifications:write': ['POST /v1/notifications/{id}/read', 'PUT /v1/notifications/preferences'],
    'analytics:read': ['GET /v1/analytics/me', 'GET /v1/analytics/overview'],
    any: ['GET /v1/operations/{id}', 'DELETE /v1/operations/{id}'],
  };

  it.each(routes.map((route) => [`${route.method} ${route.path}`, route] as const))('%s', (name, route) => {
    const [scope = null] = Object.entries(expected).find(([, names]) => names.includes(name)) ?? [];
    expect(scopeOf(route)).toBe(scope);
  });

  it('is nothing that opens accounts, credentials or administration', () => {
    const open = routes.filter((route) => scopeOf(route) !== null);
    expect(open.filter(({ service, kind }) => service === 'auth' || kind === 'secret')).toEqual([]);
  });
});

describe('the bodies', () => {
  it('fill in what a new task leaves open', () => {
    expect(CreateTaskBody.parse({ title: ' Buy milk ', labels: ['home', 'home'] })).toEqual({
      title: 'Buy milk',
      description: null,
      status: 'todo',
      priority: 'medium',
      dueAt: null,
      remindAt: null,
      labels: ['home'],
    });
  });

  it.each([
    ['an empty title', { title: '  ' }],
    ['a field that does not exist', { title: 'a', colour: 'red' }],
    ['a time without an offset', { title: 'a', dueAt: '2026-11-21T10:00:00' }],
    ['what is no time', { title: 'a', dueAt: 'tomorrow' }],
    ['a time before the year 1', { title: 'a', dueAt: '0001-01-01T00:00:00+01:00' }],
    ['a time past the year 9999', { title: 'a', dueAt: '9999-12-31T23:59:59-01:00' }],
    ['text with NUL', { title: 'a\0b' }],
    ['half of a surrogate pair', { title: 'a', labels: ['\ud800'] }],
  ])('refuse %s', (_, body) => {
    expect(CreateTaskBody.safeParse(body).success).toBe(false);
  });

  it('refuse a change that changes nothing', () => {
    expect(UpdateTaskBody.safeParse({}).success).toBe(false);
  });

  it('store times in UTC', () => {
    expect(CreateTaskBody.parse({ title: 'a', dueAt: '2026-11-21T10:00:00+02:00' }).dueAt).toBe(
      '2026-11-21T08:00:00.000Z',
    );
  });

  it('take accounts of the platform itself at login only', () => {
    const admin = { email: ' Admin@localhost', password: 'password' };
    expect(LoginBody.parse(admin).email).toBe('admin@localhost');
    expect(RegisterBody.safeParse({ ...admin, name: 'a' }).success).toBe(false);
  });

  it('bound a page at 100', () => {
    expect(ListTasksQuery.safeParse({ limit: '101' }).success).toBe(false);
    expect(ListTasksQuery.parse({ limit: '100' }).limit).toBe(100);
  });
});
