import { connect, createServer, type Socket } from 'node:net';

export interface KafkaProxy {
  /** `host:port`, for the client's list of brokers. */
  readonly address: string;
  /** Ends all connections, as a lost network does; new ones are let through. */
  cut(): void;
  /** Holds back what the broker says, as a frozen network does, until `thaw`. */
  freeze(): void;
  thaw(): void;
  close(): Promise<void>;
}

/**
 * A way to a Kafka broker that can be cut. Clients ask the first broker for the cluster's addresses and go there, past any
 * proxy; so in the broker's answers its own address is replaced by the proxy's, which has as many bytes.
 */
export async function kafkaProxy(broker: string): Promise<KafkaProxy> {
  const { hostname, port } = new URL(`kafka://${broker}`);
  const sockets = new Set<Socket>();
  let frozen: Socket[] | undefined;
  let own = 0;
  const server = createServer((client) => {
    const upstream = connect(Number(port), hostname);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', () => socket.destroy());
      socket.on('close', () => {
        sockets.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
    client.pipe(upstream);
    let pending: Buffer = Buffer.alloc(0);
    upstream.on('data', (data) => {
      pending = Buffer.concat([pending, data]);
      for (let size = frameSize(pending); size > 0; size = frameSize(pending)) {
        const frame = pending.subarray(0, size);
        replaceAll(frame, advertised(hostname, Number(port)), advertised(hostname, own));
        client.write(frame);
        pending = pending.subarray(size);
      }
    });
    if (frozen) {
      upstream.pause();
      frozen.push(upstream);
    }
    upstreams.add(upstream);
    upstream.on('close', () => upstreams.delete(upstream));
  });
  const upstreams = new Set<Socket>();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the proxy has no port');
  own = address.port;
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    address: `${hostname}:${address.port}`,
    cut,
    freeze: () => {
      frozen = [...upstreams];
      for (const upstream of frozen) upstream.pause();
    },
    thaw: () => {
      for (const upstream of frozen ?? []) upstream.resume();
      frozen = undefined;
    },
    close: () =>
      new Promise((resolve) => {
        cut();
        server.close(() => resolve());
      }),
  };
}

/** Size of the first whole answer; 0 while it is not complete. */
function frameSize(bytes: Buffer): number {
  if (bytes.length < 4) return 0;
  const size = bytes.readInt32BE(0) + 4;
  return bytes.length >= size ? size : 0;
}

/** An address as it stands in answers: the host's bytes, then the port as a 32-bit number. */
function advertised(host: string, port: number): Buffer {
  const bytes = Buffer.alloc(host.length + 4);
  bytes.write(host);
  bytes.writeInt32BE(port, host.length);
  return bytes;
}

function replaceAll(data: Buffer, from: Buffer, to: Buffer): void {
  for (let at = data.indexOf(from); at >= 0; at = data.indexOf(from, at + from.length)) to.copy(data, at);
}
