import net from 'node:net';
import { names, type Settings } from './settings.js';
import { StartError } from './start-error.js';

function problem(code: string | undefined, host: string, port: number, variable: string): string {
  switch (code) {
    case 'EADDRINUSE':
      return `Port ${port} is taken by another program: stop that one, or set ${variable} to a free port.`;
    case 'EACCES':
      return `This user may not open port ${port}: set ${variable} to one above 1023.`;
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return `${host} is not an address of this machine: set HOST to one that is, such as 127.0.0.1.`;
    default:
      return `Port ${port} on ${host} can't be opened (${code}): set HOST and ${variable}.`;
  }
}

function tryPort(host: string, port: number, variable: string): Promise<void> {
  return new Promise((free, failed) => {
    const server = net.createServer();
    server.on('error', (error: NodeJS.ErrnoException) =>
      failed(new StartError(problem(error.code, host, port, variable), { cause: error })),
    );
    server.listen({ host, port, exclusive: true }, () => server.close(() => free()));
  });
}

/** Fails before anything is started, and names the setting, where a service could not listen. */
export async function checkPorts({ host, ports }: Settings): Promise<void> {
  const users = new Map<number, string>();
  for (const name of names) {
    const variable = `${name.toUpperCase()}_PORT`;
    const other = users.get(ports[name]);
    if (other !== undefined) {
      throw new StartError(`${other} and ${variable} are both ${ports[name]}: each needs a port of its own.`);
    }
    users.set(ports[name], variable);
    await tryPort(host, ports[name], variable);
  }
}
