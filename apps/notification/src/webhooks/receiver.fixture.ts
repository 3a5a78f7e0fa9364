import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Received {
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body: string;
}

export interface TestReceiver {
  readonly url: string;
  readonly port: number;
  readonly received: Received[];
  /** What it answers from now on; a status alone, or the whole answer by hand. */
  answer: number | ((response: ServerResponse, request: Received) => void);
  close(): Promise<void>;
}

/** A real HTTP server on loopback, which keeps what it gets and answers 204 unless told otherwise. */
export async function startReceiver(): Promise<TestReceiver> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const headers = request.headers as Record<string, string>;
      const received = { path: request.url ?? '', headers, body: Buffer.concat(chunks).toString() };
      receiver.received.push(received);
      const { answer } = receiver;
      if (typeof answer === 'number') response.writeHead(answer).end();
      else answer(response, received);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const receiver: TestReceiver = {
    url: `http://127.0.0.1:${port}/hooks?from=taskwire`,
    port,
    received: [],
    answer: 204,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return receiver;
}
