import net from 'node:net';
import { appNames } from '@taskwire/service/settings';
import type { Settings } from './settings.js';
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

function problemOf(host: string, port: number, variable: string): Promise<string | undefined> {
  return new Promise((found) => {
    const server = net.createServer();
    server.on('error', ({ code }: NodeJS.ErrnoException) => found(problem(code, host, port, variable)));
    server.listen({ host, port, exclusive: true }, () => server.close(() => found(undefined)));
  });
}

/** Fails before anything is started, and names every setting, where a service could not listen. */
export async function checkPorts({ host, ports }: Settings): Promise<void> {
  const users = new Map<number, string>();
  const problems = new Set<string | undefined>();
  for (const name of appNames) {
    const variable = `${name.toUpperCase()}_PORT`;
    const port = ports[name];
    const other = users.get(port);
    if (other !== undefined) {
      problems.add(`${other} and ${variable} are both ${port}: each needs a port of its own.`);
      continue;
    }
    users.set(port, variable);
    problems.add(await problemOf(host, port, variable));
  }
  problems.delete(undefined);
  if (problems.size > 0) throw new StartError([...problems].join('\n'));
}
