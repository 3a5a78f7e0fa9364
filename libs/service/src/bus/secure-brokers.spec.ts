import { execFile, execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Driver } from '@taskwire/messaging';
import {
  freePorts,
  hasKafka,
  hasRabbitmq,
  type LocalBroker,
  startLocalKafka,
  startLocalRabbitmq,
  until,
} from '@taskwire/testing';
import { readBusConfig } from '../config.js';
import { brokerReached } from './broker-reached.js';
import { createDriver } from './driver.js';

/** With `CI=true` a missing openssl is an error; elsewhere these specs are skipped. */
function hasOpenssl(): boolean {
  try {
    execFileSync('openssl', ['version']);
    return true;
  } catch {
    if (process.env.CI === 'true') throw new Error('no openssl for the specs of TLS: install it');
    process.stdout.write('no openssl installed: the specs of TLS are skipped\n');
    return false;
  }
}

const canCertify = hasOpenssl();
const START_MS = 120_000;
const USER = 'ada';
const PASSWORD = 'right-secret';
const WRONG_PASSWORD = 'wrong-secret';

let folder: string;
const file = (name: string) => join(folder, name);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'taskwire-tls-'));
  // Signed by itself, so that it is its own authority.
  const command = 'req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext';
  const names = 'subjectAltName=IP:127.0.0.1,DNS:localhost';
  const files = ['-keyout', file('key.pem'), '-out', file('certificate.pem')];
  await promisify(execFile)('openssl', [...command.split(' '), names, ...files]);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Sends one message through the broker; answers the texts of what a group then had. */
async function carried(env: NodeJS.ProcessEnv): Promise<string[]> {
  const driver = await open(env);
  const texts: string[] = [];
  try {
    await driver.connect();
    await driver.declare({
      topics: [{ name: 'secrets', partitions: 1, retentionMs: 60_000 }],
      groups: [{ name: 'readers', topics: ['secrets'], from: 'now' }],
    });
    await driver.subscribe('readers', ['secrets'], async (messages) => {
      texts.push(...messages.map(({ body }) => body.toString()));
    });
    const body = Buffer.from(env.BUS_PREFIX ?? '');
    const [error] = await driver.send([{ topic: 'secrets', partition: 0, key: 'a', headers: {}, body }]);
    if (error) throw error;
    await until('its delivery', () => texts.length > 0);
  } finally {
    await driver.close();
  }
  return texts;
}

const open = (env: NodeJS.ProcessEnv): Promise<Driver> => createDriver(readBusConfig(env), () => undefined);

/** What a start says first while it waits for the broker. */
async function said(env: NodeJS.ProcessEnv): Promise<string> {
  const driver = await open(env);
  const enough = (text: string) => {
    throw new Error(text);
  };
  try {
    return await brokerReached(driver, readBusConfig(env), enough).then(
      () => 'reached',
      (error: Error) => error.message,
    );
  } finally {
    await driver.close();
  }
}

(canCertify && hasKafka() ? describe : describe.skip)('Kafka behind TLS and SASL', () => {
  let kafka: LocalBroker | undefined;
  let port = 0;

  beforeAll(async () => {
    [port = 0] = await freePorts(1);
    const pem = await Promise.all(['key.pem', 'certificate.pem'].map((name) => readFile(file(name), 'utf8')));
    await writeFile(file('keystore.pem'), pem.join(''));
    const login = 'org.apache.kafka.common.security';
    const settings = [
      'listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SECOND:SASL_SSL',
      'ssl.keystore.type=PEM',
      `ssl.keystore.location=${file('keystore.pem')}`,
      'sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256',
      `listener.name.second.plain.sasl.jaas.config=${login}.plain.PlainLoginModule required user_${USER}="${PASSWORD}";`,
      `listener.name.second.scram-sha-256.sasl.jaas.config=${login}.scram.ScramLoginModule required;`,
    ];
    await writeFile(file('kafka.properties'), settings.join('\n'));
    kafka = await startLocalKafka({
      KAFKA_SECOND_PORT: String(port),
      KAFKA_EXTRA: file('kafka.properties'),
      KAFKA_SCRAM: `SCRAM-SHA-256=[name=${USER},password=${PASSWORD}]`,
    });
  }, START_MS);
  afterAll(() => kafka?.remove(), START_MS);

  describe.each(['platformatic', 'kafkajs'])('by %s', (client) => {
    const env = (more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv => ({
      BUS: 'kafka',
      KAFKA_CLIENT: client,
      KAFKA_BROKERS: `127.0.0.1:${port}`,
      KAFKA_TLS: 'true',
      KAFKA_CA_FILE: file('certificate.pem'),
      KAFKA_USERNAME: USER,
      KAFKA_PASSWORD: PASSWORD,
      KAFKA_SASL_MECHANISM: 'SCRAM-SHA-256',
      BUS_PREFIX: `${client}.`,
      ...more,
    });

    it.each(['PLAIN', 'SCRAM-SHA-256'])('carries a message with %s', async (mechanism) => {
      const BUS_PREFIX = `${client}-${mechanism}.`;

      expect(await carried(env({ KAFKA_SASL_MECHANISM: mechanism, BUS_PREFIX }))).toEqual([BUS_PREFIX]);
    });

    it.each(['PLAIN', 'SCRAM-SHA-256'])(
      'says that a password is wrong, and not which, with %s',
      async (mechanism) => {
        const text = await said(env({ KAFKA_SASL_MECHANISM: mechanism, KAFKA_PASSWORD: WRONG_PASSWORD }));

        expect(text).toContain('refuses the credentials (SASL authentication failed.)');
        expect(text).toContain('check KAFKA_USERNAME, KAFKA_PASSWORD and KAFKA_SASL_MECHANISM');
        expect(text).not.toContain(WRONG_PASSWORD);
      },
    );

    it('says that a mechanism is not supported', async () => {
      expect(await said(env({ KAFKA_SASL_MECHANISM: 'SCRAM-SHA-512' }))).toMatch(
        /refuses the credentials \(.*not support.* mechanism.*check .*KAFKA_SASL_MECHANISM/,
      );
    });

    it('says that a certificate is not trusted', async () => {
      expect(await said(env({ KAFKA_CA_FILE: '' }))).toMatch(
        /certificate that is not trusted \(self-signed.*set KAFKA_CA_FILE to/,
      );
    });

    it.each(['KAFKA_TLS', 'KAFKA_USERNAME'])('names %s as what may be missing', async (name) => {
      const without = { KAFKA_TLS: { KAFKA_CA_FILE: '' }, KAFKA_USERNAME: { KAFKA_PASSWORD: '' } }[name];

      expect(await said(env({ [name]: '', ...without }))).toMatch(
        new RegExp(`can't be reached \\(Connection closed\\).*with .*${name}.* where it wants`),
      );
    });
  });
});

(canCertify && hasRabbitmq() ? describe : describe.skip)('RabbitMQ behind TLS', () => {
  let rabbitmq: LocalBroker | undefined;
  let port = 0;

  beforeAll(async () => {
    [port = 0] = await freePorts(1);
    const settings = [
      `listeners.ssl.local = 127.0.0.1:${port}`,
      `ssl_options.certfile = ${file('certificate.pem')}`,
      `ssl_options.keyfile = ${file('key.pem')}`,
    ];
    await writeFile(file('rabbitmq.conf'), settings.join('\n'));
    rabbitmq = await startLocalRabbitmq({ RABBITMQ_LOCAL_EXTRA: file('rabbitmq.conf') });
  }, START_MS);
  afterAll(() => rabbitmq?.remove(), START_MS);

  const env = (more: NodeJS.ProcessEnv = {}, password = 'guest'): NodeJS.ProcessEnv => ({
    BUS: 'rabbitmq',
    RABBITMQ_URL: `amqps://guest:${password}@127.0.0.1:${port}`,
    RABBITMQ_CA_FILE: file('certificate.pem'),
    BUS_PREFIX: 'tls.',
    ...more,
  });

  it('carries a message', async () => {
    expect(await carried(env())).toEqual(['tls.']);
  });

  it('says that a password is wrong, and not which', async () => {
    const text = await said(env({}, WRONG_PASSWORD));

    expect(text).toMatch(
      /refuses the credentials \(.*ACCESS_REFUSED.*check user and password in RABBITMQ_URL/,
    );
    expect(text).not.toContain(WRONG_PASSWORD);
  });

  it('says that a certificate is not trusted', async () => {
    expect(await said(env({ RABBITMQ_CA_FILE: '' }))).toMatch(
      /certificate that is not trusted \(self-signed.*set RABBITMQ_CA_FILE to/,
    );
  });

  it('names amqps: as what may be missing', async () => {
    const RABBITMQ_URL = `amqp://guest:guest@127.0.0.1:${port}`;

    expect(await said(env({ RABBITMQ_URL, RABBITMQ_CA_FILE: '' }))).toMatch(
      /can't be reached \(.*with amqps: where it wants TLS/,
    );
  });
});
