import { connect, createServer, type Socket } from 'node:net';

export interface KafkaProxy {
  /** `host:port`, for the client's list of brokers. */
  readonly address: string;
  /**
   * What clients are told to come back to instead of each broker, `host:port` with a host of as many letters. Default: this
   * broker's is `address`.
   */
  advertised: ReadonlyMap<string, string>;
  /** Called with the api key of each request that passes. */
  onRequest: (apiKey: number) => void;
  /** Ends all connections, as a lost network does; new ones are let through. */
  cut(): void;
  /** Holds everything back, both ways, until `thaw`. */
  freeze(): void;
  thaw(): void;
  close(): Promise<void>;
}

/**
 * A way to a Kafka broker that can be cut. Clients ask the first broker for the cluster's addresses and go there, past any
 * proxy; so in the broker's answers addresses are replaced by the proxies', which have as many bytes.
 */
export async function kafkaProxy(broker: string): Promise<KafkaProxy> {
  const { hostname, port } = new URL(`kafka://${broker}`);
  const sockets = new Set<Socket>();
  const held: (() => void)[] = [];
  let isFrozen = false;
  const pass = (write: () => void): void => {
    if (isFrozen) held.push(write);
    else write();
  };
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
    eachFrame(client, (request) =>
      pass(() => {
        proxy.onRequest(request.readInt16BE(API_KEY_AT));
        upstream.write(request);
      }),
    );
    eachFrame(upstream, (answer) =>
      pass(() => {
        replaceAll(answer, proxy.advertised);
        client.write(answer);
      }),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const listening = server.address();
  if (listening === null || typeof listening === 'string') throw new Error('the proxy has no port');
  const own = listening.port;
  const proxy: KafkaProxy = {
    address: `${hostname}:${own}`,
    advertised: new Map([[broker, `${hostname}:${own}`]]),
    onRequest: () => undefined,
    cut: () => {
      for (const socket of sockets) socket.destroy();
    },
    freeze: () => {
      isFrozen = true;
    },
    thaw: () => {
      isFrozen = false;
      for (const write of held.splice(0)) write();
    },
    close: () =>
      new Promise((resolve) => {
        proxy.cut();
        server.close(() => resolve());
      }),
  };
  return proxy;
}

const API_KEY_AT = 4;

/** Requests and answers begin with their length. */
function eachFrame(socket: Socket, take: (frame: Buffer) => void): void {
  let pending: Buffer = Buffer.alloc(0);
  socket.on('data', (data) => {
    pending = pending.length === 0 ? data : Buffer.concat([pending, data]);
    for (let size = frameSize(pending); size > 0; size = frameSize(pending)) {
      take(pending.subarray(0, size));
      pending = pending.subarray(size);
    }
  });
}

/** Size of the first whole frame; 0 while it is not complete. */
function frameSize(bytes: Buffer): number {
  if (bytes.length < 4) return 0;
  const size = bytes.readInt32BE(0) + 4;
  return bytes.length >= size ? size : 0;
}

/** An address as it stands in answers: the host's bytes, then the port as a 32-bit number. */
function addressBytes(address: string): Buffer {
  const { hostname: host, port } = new URL(`kafka://${address}`);
  const bytes = Buffer.alloc(host.length + 4);
  bytes.write(host);
  bytes.writeInt32BE(Number(port), host.length);
  return bytes;
}

function replaceAll(data: Buffer, addresses: ReadonlyMap<string, string>): void {
  for (const [broker, advertised] of addresses) {
    const [from, to] = [addressBytes(broker), addressBytes(advertised)];
    for (let at = data.indexOf(from); at >= 0; at = data.indexOf(from, at + from.length)) to.copy(data, at);
  }
}
