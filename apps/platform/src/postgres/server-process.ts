import { readFileSync, rmSync } from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { commandLine } from '../processes.js';

const POLL_MS = 20;
const FAST_STOP_MS = 30_000;
const IMMEDIATE_STOP_MS = 5_000;

export type ServerState = { kind: 'stopped' } | { kind: 'starting' } | { kind: 'ready'; port: number };

// Lines of postmaster.pid: pid, data folder, start time, port, socket folder, address, shared memory, status.
const [PID, PORT, STATUS] = [0, 3, 7];

function canConnect(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect({ port, host: '127.0.0.1', timeout: 1_000 });
    const end = (connected: boolean): void => {
      socket.destroy();
      resolve(connected);
    };
    socket.on('connect', () => end(true));
    socket.on('error', () => end(false));
    socket.on('timeout', () => end(false));
  });
}

function pidFileOf(data: string): string[] | undefined {
  try {
    return readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n');
  } catch {
    return undefined;
  }
}

/** The server's pid. A pid file that names some other process was left by a crash. */
function pidOf(data: string): number | undefined {
  const pid = Number(pidFileOf(data)?.[PID]);
  return commandLine(pid)?.includes(data) ? pid : undefined;
}

/** What runs on a data folder. */
export async function serverState(data: string): Promise<ServerState> {
  const lines = pidFileOf(data);
  if (lines === undefined || pidOf(data) === undefined) return { kind: 'stopped' };
  const port = Number(lines[PORT]);
  const ready = lines[STATUS]?.trim() === 'ready' && (await canConnect(port));
  return ready ? { kind: 'ready', port } : { kind: 'starting' };
}

/**
 * PostgreSQL refuses to start while the pid in its pid file is alive, although after a crash that may be any
 * process. Otherwise the file stays: by it a new server sees that backends of the dead one still run.
 */
export function forgetReusedPid(data: string): void {
  const pid = Number(pidFileOf(data)?.[PID]);
  if (commandLine(pid) !== undefined && pidOf(data) === undefined) rmSync(join(data, 'postmaster.pid'));
}

/** Whether there is a server to signal. */
export function signalServer(data: string, signal: NodeJS.Signals): boolean {
  const pid = pidOf(data);
  return pid !== undefined && process.kill(pid, signal);
}

async function ends(data: string, withinMs: number): Promise<boolean> {
  const deadline = Date.now() + withinMs;
  while (pidOf(data) !== undefined) {
    if (Date.now() > deadline) return false;
    await sleep(POLL_MS);
  }
  return true;
}

/** Stops a server: open transactions are rolled back; if that takes too long, it recovers at its next start. */
export async function stopServer(data: string): Promise<void> {
  signalServer(data, 'SIGINT');
  if (await ends(data, FAST_STOP_MS)) return;
  signalServer(data, 'SIGQUIT');
  await ends(data, IMMEDIATE_STOP_MS);
}
