import { spawn, type ChildProcess } from 'node:child_process';
import net from 'node:net';
import { join } from 'node:path';
import { freePorts } from '@taskwire/testing';

export const repository = join(import.meta.dirname, '../../..');
const portVariables = ['GATEWAY', 'AUTH', 'TASK', 'NOTIFICATION', 'ANALYTICS'].map((name) => `${name}_PORT`);

export interface Ended {
  code: number | null;
  errors: string;
}

export interface Running {
  child: ChildProcess;
  ports: Record<string, string>;
  /** What it has printed so far. */
  output(): string;
  ended: Promise<Ended>;
}

export function listen(): Promise<net.Server> {
  return new Promise((resolve) => {
    const server = net.createServer().listen(0, '127.0.0.1', () => resolve(server));
  });
}

export const portOf = (server: net.Server): string => String((server.address() as net.AddressInfo).port);

async function ownPorts(): Promise<Record<string, string>> {
  const ports = await freePorts(portVariables.length);
  return Object.fromEntries(portVariables.map((name, index) => [name, String(ports[index])]));
}

/** A Node process in a folder, with a clean environment but for what is given. */
export function runScript(
  folder: string,
  args: string[],
  env: NodeJS.ProcessEnv = {},
): Omit<Running, 'ports'> {
  const child = spawn(process.execPath, args, {
    cwd: folder,
    env: { PATH: process.env['PATH'], NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'], ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  let errors = '';
  child.stdout.on('data', (chunk) => (output += String(chunk)));
  child.stderr.on('data', (chunk) => (errors += String(chunk)));
  const ended = new Promise<Ended>((resolve) => child.on('close', (code) => resolve({ code, errors })));
  return { child, output: () => output, ended };
}

/** What npm start runs, on free ports and a data folder of its own. */
export async function runPlatform(folder: string, env: NodeJS.ProcessEnv = {}): Promise<Running> {
  const ports = await ownPorts();
  const own = { ...ports, TASKWIRE_DATA: join(folder, 'data'), LOG_LEVEL: 'error', ...env };
  return { ports, ...runScript(folder, [join(repository, 'apps/platform/dist/main.js')], own) };
}
