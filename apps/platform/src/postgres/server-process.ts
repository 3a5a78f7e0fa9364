import { existsSync, readFileSync, rmSync } from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { commandLine } from '../processes.js';

const POLL_MS = 20;
const FAST_STOP_MS = 30_000;
const IMMEDIATE_STOP_MS = 5_000;

export type ServerState =
  { kind: 'stopped' } | { kind: 'starting' } | { kind: 'ready'; pid: number; port: number };

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

const serves = (pid: number, data: string): boolean => commandLine(pid)?.includes(data) ?? false;

/** What runs on a data folder. A pid file that names some other process was left by a crash. */
export async function serverState(data: string): Promise<ServerState> {
  let lines: string[];
  try {
    lines = readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n');
  } catch {
    return { kind: 'stopped' };
  }
  const pid = Number(lines[PID]);
  const port = Number(lines[PORT]);
  if (!serves(pid, data)) return { kind: 'stopped' };
  const ready = lines[STATUS]?.trim() === 'ready' && (await canConnect(port));
  return ready ? { kind: 'ready', pid, port } : { kind: 'starting' };
}

/**
 * PostgreSQL refuses to start while the pid in its pid file is alive, although after a crash that may be any
 * process. Otherwise the file stays: by it a new server sees that backends of the dead one still run.
 */
export function forgetReusedPid(data: string): void {
  const file = join(data, 'postmaster.pid');
  if (!existsSync(file)) return;
  const pid = Number(readFileSync(file, 'utf8').split('\n')[PID]);
  if (commandLine(pid) !== undefined && !serves(pid, data)) rmSync(file);
}

async function ends(pid: number, data: string, withinMs: number): Promise<boolean> {
  const deadline = Date.now() + withinMs;
  while (serves(pid, data)) {
    if (Date.now() > deadline) return false;
    await sleep(POLL_MS);
  }
  return true;
}

/** Stops a server: open transactions are rolled back; if that takes too long, it recovers at its next start. */
export async function stopServer(pid: number, data: string): Promise<void> {
  if (!serves(pid, data)) return;
  process.kill(pid, 'SIGINT');
  if (await ends(pid, data, FAST_STOP_MS)) return;
  process.kill(pid, 'SIGQUIT');
  await ends(pid, data, IMMEDIATE_STOP_MS);
}
