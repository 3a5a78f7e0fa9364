import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

const HOST = '127.0.0.1';

export interface Wiretap {
  /** `host:port` to connect to instead of the target. */
  readonly address: string;
  /** All that went either way so far, one byte a character. */
  text(): string;
  close(): Promise<void>;
}

/** A way to a TCP server, `host:port`, that keeps what passes. */
export async function wiretap(target: string): Promise<Wiretap> {
  const { hostname: host, port } = new URL(`tcp://${target}`);
  const heard: Buffer[] = [];
  const sockets = new Set<Socket>();
  const listener = createServer({ noDelay: true }, (client) => {
    const server = connect({ host, port: Number(port), noDelay: true });
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      sockets.add(from);
      from.on('data', (bytes: Buffer) => heard.push(bytes));
      from.on('error', () => undefined);
      from.once('close', () => {
        sockets.delete(from);
        to.destroy();
      });
      from.pipe(to);
    }
  });
  listener.listen(0, HOST);
  await once(listener, 'listening');
  return {
    address: `${HOST}:${(listener.address() as AddressInfo).port}`,
    text: () => Buffer.concat(heard).toString('latin1'),
    close: async () => {
      const closed = once(listener, 'close');
      listener.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
