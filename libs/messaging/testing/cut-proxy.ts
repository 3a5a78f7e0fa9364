import { connect, createServer, type Socket } from 'node:net';

const MOST_OPENING_BYTES = 4_096;

export interface CutProxy {
  readonly port: number;
  /**
   * Ends connections, as a lost network does; new ones are let through. With `name`, those alone whose client gave it in
   * its first bytes, where AMQP has the connection's name and Kafka the client's id.
   */
  cut(name?: string): void;
  close(): Promise<void>;
}

/** A way to `port` that can be cut. */
export async function cutProxy(port: number, host = '127.0.0.1'): Promise<CutProxy> {
  const openings = new Map<Socket, string>();
  const server = createServer((client) => {
    const upstream = connect(port, host);
    openings.set(client, '');
    client.on('data', (chunk: Buffer) => {
      const opening = openings.get(client) ?? '';
      if (opening.length < MOST_OPENING_BYTES) openings.set(client, opening + chunk.toString('latin1'));
    });
    for (const socket of [client, upstream]) {
      socket.setNoDelay(true);
      socket.on('error', () => socket.destroy());
      socket.on('close', () => {
        openings.delete(client);
        client.destroy();
        upstream.destroy();
      });
    }
    client.pipe(upstream).pipe(client);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the proxy has no port');
  const cut = (name = ''): void => {
    for (const [socket, opening] of openings) if (opening.includes(name)) socket.destroy();
  };
  return {
    port: address.port,
    cut,
    close: () =>
      new Promise((resolve) => {
        cut();
        server.close(() => resolve());
      }),
  };
}
