import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { Flow } from './flow.js';
import type { Stream, Toxic } from './toxic.js';

const HOST = '127.0.0.1';

export interface FaultProxyOptions {
  /** `host:port` that connections go on to. */
  readonly target: string;
  /** Port of 127.0.0.1 to listen on. Default: one that is free. */
  readonly port?: number;
  /** From 0 to 1, 1 excluded, for jitter and sizes: a seeded sequence makes them repeatable. Default `Math.random`. */
  readonly random?: () => number;
}

export interface FaultProxy {
  /** `host:port` to connect to instead of the target. */
  readonly address: string;
  /** The same URL, through the proxy. */
  through(url: string): string;
  /** Puts a toxic on connections, those that are open included. Answers what removes it again. */
  add(toxic: Toxic, stream?: Stream): () => void;
  /** Closes all connections and refuses new ones. */
  down(): Promise<void>;
  up(): Promise<void>;
  /** `up`, and without toxics. */
  heal(): Promise<void>;
  /** For good. */
  close(): Promise<void>;
}

interface Connection {
  readonly client: Socket;
  readonly server: Socket;
  readonly flows: Readonly<Record<Stream, Flow>>;
}

/**
 * A way to a TCP server that can be made bad, after Shopify's Toxiproxy (https://github.com/Shopify/toxiproxy), within the
 * process that tests. It passes on ends of streams one direction at a time and resets as resets. A toxic is for the
 * direction `downstream` unless said otherwise; several on one direction work one after the other, in the order in which
 * they were added.
 */
export async function faultProxy(options: FaultProxyOptions): Promise<FaultProxy> {
  const { target, port = 0, random = Math.random } = options;
  const { hostname, port: targetPort } = new URL(`tcp://${target}`);
  const toxics: { readonly toxic: Toxic; readonly stream: Stream }[] = [];
  const connections = new Set<Connection>();

  const accept = (client: Socket): void => {
    const server = connect({ host: hostname, port: Number(targetPort), allowHalfOpen: true });
    const flows = {
      upstream: new Flow(client, server, random),
      downstream: new Flow(server, client, random),
    };
    const connection = { client, server, flows };
    connections.add(connection);
    for (const { toxic, stream } of toxics) flows[stream].add(toxic);
    joinEnds(client, server);
    for (const socket of [client, server]) {
      socket.once('close', () => {
        if (client.closed && server.closed) connections.delete(connection);
      });
    }
  };
  const listener = createServer({ allowHalfOpen: true, noDelay: true }, accept);
  const listen = async (at: number) => {
    listener.listen(at, HOST);
    await once(listener, 'listening');
  };
  await listen(port);
  const own = (listener.address() as AddressInfo).port;

  const proxy: FaultProxy = {
    address: `${HOST}:${own}`,
    through: (url) => {
      const changed = new URL(url);
      changed.host = `${HOST}:${own}`;
      return changed.href;
    },
    add: (toxic, stream = 'downstream') => {
      const added = { toxic: { ...toxic }, stream };
      toxics.push(added);
      for (const { flows } of connections) flows[stream].add(added.toxic);
      return () => {
        const index = toxics.indexOf(added);
        if (index < 0) return;
        toxics.splice(index, 1);
        for (const { flows } of connections) flows[stream].remove(added.toxic);
      };
    },
    down: async () => {
      const closed = once(listener, 'close');
      if (!listener.listening) return;
      listener.close();
      for (const { client, server } of connections) [client, server].forEach((socket) => socket.destroy());
      await closed;
    },
    up: async () => {
      if (!listener.listening) await listen(own);
    },
    heal: async () => {
      for (const { toxic, stream } of toxics.splice(0)) {
        for (const { flows } of connections) flows[stream].remove(toxic);
      }
      await proxy.up();
    },
    close: () => proxy.down(),
  };
  return proxy;
}

/** A reset of one side resets the other; one that closes in any other way closes it. */
function joinEnds(client: Socket, server: Socket): void {
  for (const [one, other] of [
    [client, server],
    [server, client],
  ] as const) {
    one.setNoDelay(true);
    one.on('error', ({ code }: NodeJS.ErrnoException) => {
      if (code === 'ECONNRESET') other.resetAndDestroy();
    });
    // After its own end it is closed only once everything is passed on.
    one.once('close', (failed: boolean) => {
      if (failed || !one.readableEnded) other.destroy();
    });
  }
}
