import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { connect as connectHttp2, constants, createServer as createHttp2Server } from 'node:http2';
import { type AddressInfo, connect } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { until } from '@taskwire/testing';
import { whenOver } from './when-over.js';

let server: Server;
let over: string[];

async function listen(listener: RequestListener, create: (listener: RequestListener) => unknown) {
  over = [];
  server = create(listener) as Server;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

const noted: RequestListener = (request, response) => {
  whenOver(response, () => over.push(request.url ?? ''));
  if (request.url === '/answered') response.end('ok');
};

afterEach(() => new Promise((resolve) => server.close(resolve)));

describe('an answer over HTTP/1 is over', () => {
  it('when it has gone out, and once, though its connection closes later', async () => {
    const port = await listen(noted, createServer);
    await (await fetch(`http://127.0.0.1:${port}/answered`)).text();
    server.closeAllConnections();
    await until('its end', () => over.length > 0);

    expect(over).toEqual(['/answered']);
  });

  it('when its client goes, also behind others that were not answered, without a listener for each', async () => {
    const port = await listen(noted, createServer);
    const paths = Array.from({ length: 15 }, (_, n) => `/${n}`);
    const warned: Error[] = [];
    const warn = (warning: Error) => warned.push(warning);
    process.on('warning', warn);
    const [connection] = await Promise.all([
      once(server, 'connection'),
      new Promise<void>((resolve) => {
        const socket = connect(port, '127.0.0.1', () => {
          socket.write(paths.map((path) => `GET ${path} HTTP/1.1\r\nhost: a\r\n\r\n`).join(''));
          resolve();
        });
        server.on('request', ({ url }) => url === paths.at(-1) && socket.destroy());
      }),
    ]);
    await until('all ends', () => over.length === paths.length);
    process.off('warning', warn);

    expect(connection).toHaveLength(1);
    expect(over.sort()).toEqual([...paths].sort());
    expect(warned).toEqual([]);
  });

  it('at once where the client has gone already', async () => {
    const port = await listen((request, response) => {
      request.socket.destroy();
      request.socket.once('close', () => noted(request, response));
    }, createServer);
    await expect(fetch(`http://127.0.0.1:${port}/late`)).rejects.toThrow();
    await until('its end', () => over.length > 0);

    expect(over).toEqual(['/late']);
  });
});

describe('an answer over HTTP/2 is over', () => {
  const reset = async (port: number, path: string) => {
    const client = connectHttp2(`http://127.0.0.1:${port}`);
    const request = client.request({ ':path': path }).on('error', () => undefined);
    await new Promise((resolve) => setTimeout(resolve, 50));
    request.close(constants.NGHTTP2_CANCEL);
    await once(request, 'close');
    return client;
  };

  it('when its stream is reset', async () => {
    const port = await listen(noted, createHttp2Server as never);
    const client = await reset(port, '/reset');
    await until('its end', () => over.length > 0);
    client.close();

    expect(over).toEqual(['/reset']);
  });

  it('at once where its stream was reset already', async () => {
    const port = await listen((request, response) => {
      response.once('close', () => noted(request, response));
    }, createHttp2Server as never);
    const client = await reset(port, '/late');
    await until('its end', () => over.length > 0);
    client.close();

    expect(over).toEqual(['/late']);
  });
});
