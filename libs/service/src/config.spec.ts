import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { ConfigError, readBusConfig, readConfig } from './config.js';

const own = z.object({
  LIMIT: z.coerce.number().int().min(0).default(5),
  SECRET: z.string().min(8),
  ORIGINS: z
    .string()
    .transform((text) => text.split(','))
    .pipe(z.array(z.string().refine(URL.canParse, 'must be origins')))
    .optional(),
});
const good = {
  BUS: 'memory',
  INTERNAL_TOKEN: 'internal-token-of-the-tests-0123456789',
  SECRET: 'long enough',
};

const [certificate = ''] = rootCertificates;

function messageOf(env: NodeJS.ProcessEnv, database?: unknown): string {
  try {
    readConfig({ config: own, database }, env);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  throw new Error('the settings were accepted');
}

describe('settings', () => {
  it('are parsed, with defaults, from common variables and those of the service', () => {
    const config = readConfig({ config: own }, { ...good, PORT: '5002', LIMIT: '7' });

    expect(config).toMatchObject({ HOST: '127.0.0.1', PORT: 5002, LIMIT: 7, SECRET: 'long enough' });
  });

  it('are refused with one error that lists every bad variable, of both, and no value', () => {
    const env = {
      BUS: 'pigeon',
      PORT: '123456',
      LIMIT: 'many',
      SECRET: 'hunter2',
      AUTH_URL: 'ftp://secret-host',
      INTERNAL_TOKEN: 'short-token',
    };
    const message = messageOf(env, {});

    for (const name of ['BUS', 'PORT', 'LIMIT', 'SECRET', 'AUTH_URL', 'INTERNAL_TOKEN', 'DATABASE_URL']) {
      expect(message).toMatch(new RegExp(`^  ${name}: .+`, 'm'));
    }
    for (const value of ['pigeon', '123456', 'many', 'hunter2', 'secret-host', 'short-token']) {
      expect(message).not.toContain(value);
    }
  });

  it('name the buses that there are', () => {
    expect(messageOf({ ...good, BUS: 'nats' })).toContain(
      'BUS: must be one of postgres, rabbitmq, kafka, memory',
    );
  });

  it.each([
    ['PORT', 'http', 'a port from 0 to 65535'],
    ['PORT', '70000', 'a port from 0 to 65535'],
    ['LOG_LEVEL', 'loud', 'one of fatal, error, warn, info, debug, trace, silent'],
    ['INTERNAL_TOKEN', 'short', 'at least 32 characters'],
    ['RELAY_LEASE_MS', '1', 'a whole number from 50 to 600000'],
    ['LIMIT', 'many', 'a whole number of at least 0'],
    ['LIMIT', '1.5', 'a whole number of at least 0'],
    ['ORIGINS', 'https://a.example,nowhere', 'origins'],
    ['REDIS_URL', 'x', 'a URL such as redis://127.0.0.1:6379'],
    ['KAFKA_CA', 'x', 'certificates in PEM, beginning with -----BEGIN CERTIFICATE-----'],
  ])('say what is wanted of %s=%s: %s', (name, value, wanted) => {
    const lines = messageOf({ ...good, [name]: value })
      .split('\n')
      .slice(1);

    expect(lines).toEqual([expect.stringMatching(`^  ${name}: must (be|have) ${wanted}$`)]);
  });

  it('say what is missing', () => {
    const { INTERNAL_TOKEN: _, ...rest } = good;

    expect(messageOf(rest)).toContain('INTERNAL_TOKEN: is needed');
    expect(messageOf({ ...good, BUS: 'postgres' })).toContain(
      'BUS_DATABASE_URL: is needed with BUS=postgres',
    );
  });

  it.each([
    [{ BUS: 'rabbitmq', RABBITMQ_CA: certificate }, 'RABBITMQ_CA: needs amqps: in RABBITMQ_URL'],
    [{ BUS: 'kafka', KAFKA_CA: certificate }, 'KAFKA_CA: needs KAFKA_TLS=true'],
    [{ BUS: 'kafka', KAFKA_USERNAME: 'ada' }, 'KAFKA_PASSWORD: is needed with KAFKA_USERNAME'],
    [{ BUS: 'kafka', KAFKA_PASSWORD: 'secret' }, 'KAFKA_USERNAME: is needed with KAFKA_PASSWORD'],
  ])('are refused where they would protect nothing: %#', (env, text) => {
    expect(
      messageOf({ ...good, ...env })
        .split('\n')
        .slice(1),
    ).toEqual([`  ${text}`]);
    expect(() => readBusConfig(env)).toThrow(text);
  });

  it('count an empty variable as unset', () => {
    expect(readConfig({ config: own }, { ...good, REDIS_URL: '', LIMIT: '' }).LIMIT).toBe(5);
  });
});

describe('a setting in a file', () => {
  it('is read from there, and named when the file is missing', () => {
    const folder = mkdtempSync(join(tmpdir(), 'taskwire-settings-'));
    const file = join(folder, 'secret');
    writeFileSync(file, 'from the file\n');
    const { SECRET: _, ...rest } = good;

    expect(readConfig({ config: own }, { ...rest, SECRET_FILE: file }).SECRET).toBe('from the file');
    rmSync(folder, { recursive: true });
    expect(messageOf({ ...rest, SECRET_FILE: file })).toBe(
      "these settings can't be used:\n  SECRET_FILE: its file can't be read (ENOENT)",
    );
  });

  it('does not read files that belong to others', () => {
    expect(() => readConfig({ config: own }, { ...good, SSL_CERT_FILE: '/nowhere' })).not.toThrow();
  });
});
