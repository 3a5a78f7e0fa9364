import type { AddressInfo } from 'node:net';
import PostalMime, { type Email as Received } from 'postal-mime';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';

export interface TestSmtpServer {
  /** `login`: `user:password@`. */
  url(login?: string): string;
  readonly received: { readonly mail: Received; readonly to: readonly string[] }[];
  close(): Promise<void>;
}

/** A real SMTP server, which keeps what it gets. */
export async function startSmtpServer(options: SMTPServerOptions = {}): Promise<TestSmtpServer> {
  const received: TestSmtpServer['received'] = [];
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onData(stream, session, done) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        void PostalMime.parse(Buffer.concat(chunks)).then((mail) => {
          received.push({ mail, to: session.envelope.rcptTo.map(({ address }) => address) });
          done();
        });
      });
    },
    ...options,
  });
  // What the client broke off is reported here, too.
  server.on('error', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.server.address() as AddressInfo;
  return {
    received,
    url: (login = '') => `smtp://${login}127.0.0.1:${port}`,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
