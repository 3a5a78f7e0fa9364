import { EventEmitter, once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { z } from 'zod';
import type { ServiceDefinition } from './definition.js';
import { runService } from './run-service.js';

const ENV = {
  ...{ BUS: 'memory', LOG_LEVEL: 'silent', AUTH_URL: 'http://127.0.0.1:1', PORT: '0' },
  INTERNAL_TOKEN: 'internal-token-of-the-tests-0123456789',
};
const SIGNALS = ['SIGTERM', 'SIGINT', 'uncaughtException'] as const;

let stopped: () => Promise<void>;
let stops: number;
class TestModule {
  async onModuleDestroy(): Promise<void> {
    stops += 1;
    await stopped();
  }
}
const definition: ServiceDefinition = {
  ...{ name: 'gateway', port: 0, config: z.object({}), groups: [] },
  module: () => TestModule,
};

const before = { ...process.env };
let exits: EventEmitter;
let exited: Promise<unknown>;
let written: string;

beforeEach(() => {
  stops = 0;
  stopped = () => Promise.resolve();
  written = '';
  Object.assign(process.env, ENV);
  exits = new EventEmitter();
  exited = nextExit();
  jest.spyOn(process, 'exit').mockImplementation((code) => exits.emit('exit', code) as never);
  jest.spyOn(process.stderr, 'write').mockImplementation((text) => {
    written += String(text);
    return true;
  });
});
const nextExit = async () => ((await once(exits, 'exit')) as [number])[0];

afterEach(() => {
  jest.restoreAllMocks();
  for (const signal of SIGNALS) process.removeAllListeners(signal);
  process.env = { ...before };
});

describe('the main program of a service', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)('drains on %s and ends with 0', async (signal) => {
    await runService(definition);
    process.emit(signal);

    expect(await exited).toBe(0);
    expect(stops).toBe(1);
  });

  it('takes a Ctrl-C that npm passes on for the same one', async () => {
    await runService(definition);
    process.emit('SIGINT');
    process.emit('SIGINT');

    expect(await exited).toBe(0);
  });

  it('ends with 1 and every bad setting, without a stack', async () => {
    Object.assign(process.env, { PORT: 'x', INTERNAL_TOKEN: '' });
    await runService(definition);

    expect(await exited).toBe(1);
    expect(written).toMatch(/^gateway: these settings can't be used:\n( {2}[A-Z_]+: .*\n){2}$/);
  });

  it('ends with 1 and one line when its port is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    process.env.PORT = String(port);
    await runService(definition);
    other.close();

    expect(await exited).toBe(1);
    expect(written).toBe(`gateway: port ${port} is taken: set PORT to another one, or end what uses it\n`);
  });

  it('ends with 1 on an error that nobody caught', async () => {
    await runService(definition);
    process.emit('uncaughtException', new Error('forgotten'));

    expect(await exited).toBe(1);
    const ended = nextExit();
    process.emit('SIGTERM');
    await ended;
  });
});
