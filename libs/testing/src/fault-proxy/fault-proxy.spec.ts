import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { until } from '../until.js';
import { type FaultProxy, faultProxy } from './index.js';

let server: Server;
let proxy: FaultProxy;
/** What the server does with a connection. */
let serve: (socket: Socket) => void;
const open: Socket[] = [];

beforeEach(async () => {
  serve = (socket) => socket.pipe(socket);
  server = createServer({ allowHalfOpen: true }, (socket) => {
    open.push(socket);
    socket.on('error', () => undefined);
    serve(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  proxy = await faultProxy({ target: `127.0.0.1:${(server.address() as AddressInfo).port}` });
});
afterEach(async () => {
  await proxy.close();
  for (const socket of open.splice(0)) socket.destroy();
  await new Promise((resolve) => server.close(resolve));
});

interface Caller {
  readonly socket: Socket;
  /** Sizes of what arrived, by arrival. */
  readonly pieces: number[];
  text(): string;
  /** How the connection ended: 'end', 'closed', or an error's code. */
  readonly ended: Promise<string>;
}

async function call(): Promise<Caller> {
  const [host = '', port] = proxy.address.split(':');
  const socket = connect({ host, port: Number(port), noDelay: true, allowHalfOpen: true });
  open.push(socket);
  const pieces: number[] = [];
  let text = '';
  socket.on('data', (data: Buffer) => {
    pieces.push(data.length);
    text += data.toString();
  });
  const ended = new Promise<string>((resolve) => {
    socket.on('end', () => resolve('end'));
    socket.on('error', ({ code }: NodeJS.ErrnoException) => resolve(code ?? 'error'));
    socket.on('close', () => resolve('closed'));
  });
  await once(socket, 'connect');
  return { socket, pieces, text: () => text, ended };
}

/** Milliseconds until `text` has come back. */
async function echo(caller: Caller, text: string): Promise<number> {
  const before = performance.now();
  const expected = caller.text() + text;
  caller.socket.write(text);
  await until(`${text.length} bytes to come back`, () => caller.text() === expected);
  return performance.now() - before;
}

const timed = async (work: Promise<unknown>): Promise<number> => {
  const before = performance.now();
  await work;
  return performance.now() - before;
};

describe('without a toxic', () => {
  it('passes everything on, in order, and each end of a direction by itself', async () => {
    const caller = await call();
    const text = Array.from({ length: 50_000 }, (_, n) => `${n} `).join('');
    await echo(caller, text);
    serve = (socket) => socket.on('data', () => undefined).on('end', () => socket.end('bye'));
    const other = await call();
    other.socket.end('that was all');

    expect(await other.ended).toBe('end');
    expect(other.text()).toBe('bye');
  });

  it('ends the way to the server too when the client leaves after the server has ended', async () => {
    let left = false;
    serve = (socket) =>
      socket
        .resume()
        .on('close', () => (left = true))
        .end('bye');
    const caller = await call();
    await caller.ended;
    caller.socket.end('thanks');
    await until('the server is left', () => left);
  });

  it('passes a reset on as a reset', async () => {
    serve = (socket) => socket.on('data', () => socket.resetAndDestroy());
    const caller = await call();
    caller.socket.write('x');

    expect(await caller.ended).toBe('ECONNRESET');
  });

  it('slows a sender whose receiver does not read', async () => {
    serve = (socket) => socket.pause();
    const caller = await call();
    let sent = 0;
    const chunk = Buffer.alloc(1 << 20);
    while (sent < 64 && caller.socket.write(chunk)) sent += 1;
    await new Promise((resolve) => setTimeout(resolve, 200));
    for (let n = 0; n < 64; n += 1) caller.socket.write(chunk);
    await new Promise((resolve) => setTimeout(resolve, 300));

    expect(caller.socket.writableLength).toBeGreaterThan(32 << 20);
  });
});

describe('down', () => {
  it('closes what is open and refuses what comes, until it is up', async () => {
    const caller = await call();
    await echo(caller, 'x');
    await proxy.down();

    expect(['closed', 'end']).toContain(await caller.ended);
    await expect(call()).rejects.toThrow('ECONNREFUSED');
    await proxy.up();
    await echo(await call(), 'x');
  });
});

describe('latency', () => {
  it('delays the direction it is on, keeping order, until it is removed', async () => {
    const caller = await call();
    const remove = proxy.add({ type: 'latency', latency: 200, jitter: 50 }, 'upstream');
    expect(await echo(caller, 'first')).toBeGreaterThanOrEqual(145);
    const waiting = echo(caller, 'second');
    remove();
    await waiting;
    expect(caller.text()).toBe('firstsecond');
  });

  it('delays a burst once', async () => {
    proxy.add({ type: 'latency', latency: 300 });
    serve = (socket) => {
      for (let n = 0; n < 20; n += 1) setTimeout(() => socket.write('x'), n * 5);
    };
    const caller = await call();
    const took = await timed(until('the burst to arrive', () => caller.text().length === 20));

    expect(took).toBeGreaterThanOrEqual(290);
    expect(took).toBeLessThan(20 * 300);
  });
});

describe('bandwidth', () => {
  it('lets so many kilobytes a second through', async () => {
    proxy.add({ type: 'bandwidth', rate: 100 });

    expect(await echo(await call(), 'x'.repeat(30_000))).toBeGreaterThanOrEqual(290);
  });
});

describe('slow_close', () => {
  it('passes data at once and the end late', async () => {
    proxy.add({ type: 'slow_close', delay: 300 });
    serve = (socket) => socket.end('bye');
    const caller = await call();
    await until('the data to arrive', () => caller.text() === 'bye');

    expect(await timed(caller.ended)).toBeGreaterThanOrEqual(200);
    expect(await caller.ended).toBe('end');
  });
});

describe('timeout', () => {
  it('lets nothing through and closes after its time, also without data', async () => {
    const caller = await call();
    await echo(caller, 'before');
    proxy.add({ type: 'timeout', timeout: 200 });
    const closing = timed(caller.ended);
    caller.socket.write('lost');

    expect(await closing).toBeGreaterThanOrEqual(190);
    expect(caller.text()).toBe('before');
  });

  it('with 0 keeps one direction dead and the other alive; removed, the connection ends instead of going on with a hole', async () => {
    let received = '';
    serve = (socket) => socket.on('data', (data: Buffer) => (received += data.toString()));
    const caller = await call();
    const remove = proxy.add({ type: 'timeout', timeout: 0 }, 'downstream');
    caller.socket.write('heard');
    await until('the server hears it', () => received === 'heard');
    for (const socket of open) if (socket !== caller.socket) socket.write('not heard');
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(caller.text()).toBe('');
    remove();

    expect(['closed', 'end']).toContain(await caller.ended);
    expect(caller.text()).toBe('');
  });
});

describe('reset_peer', () => {
  it('resets the connection some time after data arrived', async () => {
    proxy.add({ type: 'reset_peer', timeout: 150 }, 'upstream');
    const caller = await call();
    const ending = timed(caller.ended);
    caller.socket.write('x');

    expect(await caller.ended).toBe('ECONNRESET');
    expect(await ending).toBeGreaterThanOrEqual(140);
    expect(caller.text()).toBe('');
  });
});

describe('slicer', () => {
  it('cuts data into pieces of about the size that it is given', async () => {
    proxy.add({ type: 'slicer', average_size: 100, size_variation: 40, delay: 3_000 });
    const caller = await call();
    await echo(caller, 'x'.repeat(2_000));

    expect(caller.pieces.length).toBeGreaterThan(5);
    expect(caller.pieces[0]).toBeLessThanOrEqual(140);
  });
});

describe('limit_data', () => {
  it('closes the connection once so many bytes have passed', async () => {
    proxy.add({ type: 'limit_data', bytes: 7 });
    const caller = await call();
    await echo(caller, '1234');
    caller.socket.write('56789');

    expect(['closed', 'end']).toContain(await caller.ended);
    expect(caller.text()).toBe('1234567');
  });
});

it('heals: without toxics, up, and open connections go on', async () => {
  const caller = await call();
  proxy.add({ type: 'latency', latency: 60_000 });
  proxy.add({ type: 'slicer', average_size: 2, size_variation: 1, delay: 1 }, 'upstream');
  const waiting = echo(caller, 'late');
  await proxy.heal();

  await waiting;
});
