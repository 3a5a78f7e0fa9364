import { connect, createServer, type Socket } from 'node:net';

const NOTIFICATION = 'A'.charCodeAt(0);

export interface DeafProxy {
  readonly url: string;
  close(): Promise<void>;
}

/** A way to PostgreSQL on which notifications vanish, as through a pooler in transaction mode. */
export async function deafProxy(url: string): Promise<DeafProxy> {
  const target = new URL(url);
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(Number(target.port || 5432), target.hostname);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => socket.destroy());
      socket.on('close', () => {
        client.destroy();
        upstream.destroy();
      });
    }
    client.pipe(upstream);
    let pending: Buffer = Buffer.alloc(0);
    upstream.on('data', (data) => {
      pending = Buffer.concat([pending, data]);
      for (let length = frameLength(pending); length > 0; length = frameLength(pending)) {
        if (pending[0] !== NOTIFICATION) client.write(pending.subarray(0, length));
        pending = pending.subarray(length);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const proxied = new URL(url);
  proxied.hostname = '127.0.0.1';
  proxied.port = String(typeof address === 'object' ? address?.port : '');
  return {
    url: proxied.href,
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

/** Length of the first whole message from the server; 0 while it is not complete. */
function frameLength(bytes: Buffer): number {
  if (bytes.length < 5) return 0;
  const length = bytes.readInt32BE(1) + 1;
  return bytes.length >= length ? length : 0;
}
