import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { ConfigError } from '@taskwire/service/settings';
import { readAllSettings } from './all-settings.js';
import { apps } from './services.js';

function faultsOf(env: NodeJS.ProcessEnv): string[] {
  try {
    readAllSettings(env, apps);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.message.split('\n').slice(1).sort();
    throw error;
  }
}

const port = 'must be a port from 1 to 65535';
const limit = 'must be a whole number from 1 to 1000000000';
const database = 'must be a URL such as postgresql://user:password@host:5432/database';

describe('the settings of npm start', () => {
  it('need none', () => {
    expect(faultsOf({})).toEqual([]);
  });

  it('are listed in one error, each bad one once, with its app where only one has it', () => {
    const env = {
      ...{
        GATEWAY_PORT: 'http',
        TASK_PORT: '0',
        HOST: '127.0.0.1',
        BUS_DATABASE_URL: 'x',
        LOG_LEVEL: 'loud',
      },
      ...{ RATE_LIMIT_IP: '-1', CORS_ORIGINS: 'notaurl', TRUST_PROXY: 'abc', RATE_LIMIT_EXEMPT_TOKEN: 'x' },
      ...{ SMTP_URL: 'zzz', MAILBOX: 'maybe', REGISTRATION: 'xx', ADMIN_PASSWORD: 'short', BUS: 'pigeon' },
    };

    const { BUS: _, ...rest } = env;
    expect(faultsOf(env)).toContainEqual(
      expect.stringMatching(/^ {2}BUS: must be one of postgres, rabbitmq/),
    );
    expect(faultsOf(rest)).toEqual(
      [
        `  GATEWAY_PORT: ${port}`,
        `  TASK_PORT: ${port}`,
        `  BUS_DATABASE_URL: ${database}`,
        '  LOG_LEVEL: must be one of fatal, error, warn, info, debug, trace, silent',
        `  RATE_LIMIT_IP (gateway): ${limit}`,
        '  CORS_ORIGINS (gateway): must be origins such as https://app.example.org',
        '  TRUST_PROXY (gateway): must be a number of proxies, or addresses and CIDR blocks',
        '  RATE_LIMIT_EXEMPT_TOKEN: must have at least 16 characters',
        '  SMTP_URL (notification): must be a URL such as smtp://user:password@host:587',
        '  MAILBOX (notification): must be one of on, local, off',
        '  REGISTRATION (auth): must be one of open, verified',
        '  ADMIN_PASSWORD (auth): must have 8 to 128 characters',
      ].sort(),
    );
  });

  it('count as unset when they are empty', () => {
    const names = ['HOST', 'TASKWIRE_DATA', 'TASK_PORT', 'BUS_DATABASE_URL', 'INTERNAL_TOKEN', 'BUS'];
    const { settings, outer } = readAllSettings(Object.fromEntries(names.map((name) => [name, ''])), apps);

    expect(settings).toMatchObject({ host: '127.0.0.1', ports: { task: 5002 } });
    expect(settings.databases.bus).toBeUndefined();
    expect(outer).toEqual({});
  });

  it('may each stand in a file, and one that can not be read is in the list', () => {
    const folder = mkdtempSync(join(tmpdir(), 'taskwire-settings-'));
    const file = (name: string, text: string): string => {
      writeFileSync(join(folder, name), `${text}\n`);
      return join(folder, name);
    };
    const token = 'a token of at least thirty-two characters';
    const url = 'postgresql://ada@127.0.0.1/tasks';
    const { settings, outer } = readAllSettings(
      { INTERNAL_TOKEN_FILE: file('token', token), TASK_DATABASE_URL_FILE: file('url', url) },
      apps,
    );
    rmSync(folder, { recursive: true });

    expect(outer.INTERNAL_TOKEN).toBe(token);
    expect(settings.databases.task).toBe(url);
    expect(
      faultsOf({
        BUS_DATABASE_URL_FILE: '/nowhere',
        SMTP_URL_FILE: '/nowhere',
        INTERNAL_TOKEN_FILE: '/nowhere',
      }),
    ).toEqual([
      "  BUS_DATABASE_URL_FILE: its file can't be read (ENOENT)",
      "  INTERNAL_TOKEN_FILE: its file can't be read (ENOENT)",
      "  SMTP_URL_FILE (notification): its file can't be read (ENOENT)",
    ]);
  });

  it('are not those that the platform gives its apps itself', () => {
    expect(
      faultsOf({ PORT: 'x', DATABASE_URL: 'mysql://x', AUTH_URL: 'x', TASK_URL_FILE: '/nowhere' }),
    ).toEqual([]);
  });
});
