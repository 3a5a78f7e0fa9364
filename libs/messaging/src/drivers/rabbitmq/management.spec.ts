import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from '@jest/globals';
import { readBindings } from './management.js';
import { settingsOf } from './settings.js';

const servers: { close(): void }[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** The plugin's API as far as it is asked here; `asked` are the requests. */
async function plugin(status: number, body: string) {
  const asked: { url: string | undefined; authorization: string | undefined }[] = [];
  const server = createServer((request, response) => {
    asked.push({ url: request.url, authorization: request.headers.authorization });
    response.writeHead(status, { connection: 'close' }).end(body);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { asked, url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}` };
}

const read = (managementUrl: string, amqp = 'amqp://ada:s%40fe@broker.invalid') =>
  readBindings(settingsOf({ url: amqp, managementUrl }));

it.each([
  ['', '/api/bindings/%2F'],
  ['/team%2Fone', '/api/bindings/team%2Fone'],
])('asks for the bindings of the virtual host "%s", with the credentials of AMQP', async (vhost, path) => {
  const { asked, url } = await plugin(200, '[]');
  expect(await read(url, `amqp://ada:s%40fe@broker.invalid${vhost}`)).toEqual([]);
  const authorization = `Basic ${Buffer.from('ada:s@fe').toString('base64')}`;
  expect(asked).toEqual([{ url: path, authorization }]);
});

it.each([
  [
    'refuses',
    401,
    '{"error":"not_authorised"}',
    /it answers 401.*rabbitmq-plugins enable.*RABBITMQ_MANAGEMENT_URL/,
  ],
  ['is something else', 200, '<html>', /JSON.*rabbitmq-plugins enable/s],
])('says what to do when the plugin %s, without the password', async (_, status, body, message) => {
  const { url } = await plugin(status, body);
  const failed = await read(url).catch((error: Error) => error.message);
  expect(failed).toMatch(message);
  expect(failed).not.toContain('s@fe');
});

it('is looked for 10,000 above the port of AMQP', async () => {
  await expect(readBindings(settingsOf({ url: 'amqp://guest:guest@127.0.0.1:2' }))).rejects.toThrow(
    /at 127\.0\.0\.1:10002 it does not \(.*ECONNREFUSED/,
  );
});
