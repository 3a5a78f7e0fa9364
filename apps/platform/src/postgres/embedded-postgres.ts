import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync, renameSync, statSync } from 'node:fs';
import net from 'node:net';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { StartError } from '../start-error.js';
import { binary, installedBinaries } from './binaries.js';
import { ensureCluster } from './cluster.js';
import { choosePlaces, dataIn, type Places } from './places.js';
import { forgetReusedPid, serverState, signalServer, stopServer } from './server-process.js';

export interface EmbeddedPostgres {
  /** Where its data is: below the data folder, or elsewhere when its user can't get there. */
  folder: string;
  /** Where its programs are: installed by npm, or copied from there when its user can't get to them. */
  programs: string;
  url(database: string): string;
  stop(): Promise<void>;
}

const START_TIMEOUT_MS = 60_000;
const POLL_MS = 20;
const LARGEST_LOG = 5_000_000;

// Errors in the log keep their text, and neither statements nor the rows they were about.
const settings: Record<string, string> = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '200',
  shared_buffers: '64MB',
  timezone: 'UTC',
  log_timezone: 'UTC',
  log_error_verbosity: 'terse',
  log_min_error_statement: 'panic',
};

function freePort(): Promise<number> {
  return new Promise((found, failed) => {
    const server = net.createServer();
    server.on('error', failed);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as net.AddressInfo;
      server.close(() => found(port));
    });
  });
}

function openLog(file: string): number {
  if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) > LARGEST_LOG) renameSync(file, `${file}.1`);
  return openSync(file, 'a', 0o600);
}

/** In a process group of its own, so that Ctrl-C reaches the services first and they can drain. */
async function spawnServer(places: Places, extra: Record<string, string>): Promise<ChildProcess> {
  forgetReusedPid(dataIn(places.folder));
  const options = Object.entries({ ...settings, ...extra }).flatMap(([name, value]) => [
    '-c',
    `${name}=${value}`,
  ]);
  const log = openLog(join(places.folder, 'server.log'));
  const args = ['-D', dataIn(places.folder), '-p', String(await freePort()), ...options];
  const child = spawn(binary(places.binaries, 'postgres'), args, {
    ...places.user,
    cwd: '/',
    env: { LC_ALL: 'C' },
    detached: true,
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  child.unref();
  return child;
}

async function untilReady(
  places: Places,
  extra: Record<string, string>,
  spawned: (child: ChildProcess) => void,
): Promise<number> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  let child: ChildProcess | undefined;
  let failure = '';
  for (;;) {
    const state = await serverState(dataIn(places.folder));
    if (state.kind === 'ready') return state.port;
    if (Date.now() > deadline) {
      throw new StartError(`PostgreSQL did not start${failure}: see ${join(places.folder, 'server.log')}`);
    }
    // Started again when it ends: after a crash it refuses to start until the last backend is gone.
    if (state.kind === 'stopped' && child === undefined) {
      child = await spawnServer(places, extra);
      spawned(child);
      child.on('error', (error) => (failure = ` (${error.message})`));
      child.on('exit', (code) => (failure = ` (exit code ${code})`));
      child.on('close', () => (child = undefined));
    }
    await sleep(POLL_MS);
  }
}

/**
 * The PostgreSQL of one data folder, from the binaries that npm installed: makes its data at the first start
 * and takes over a server that outlived a crash. It ends with this process, unless that is killed. The caller
 * holds the folder's lock.
 */
export async function startEmbeddedPostgres(
  dataFolder: string,
  extraSettings: Record<string, string> = {},
): Promise<EmbeddedPostgres> {
  const places = choosePlaces(resolve(dataFolder), await installedBinaries());
  const password = await ensureCluster(places);
  // One that has only just been started has no pid file yet.
  let own: ChildProcess | undefined;
  const endWithThisProcess = (): void => {
    if (!signalServer(dataIn(places.folder), 'SIGINT')) own?.kill('SIGINT');
  };
  process.on('exit', endWithThisProcess);
  const port = await untilReady(places, extraSettings, (child) => (own = child));
  return {
    folder: places.folder,
    programs: places.binaries.home,
    url: (database) => `postgresql://postgres:${password}@127.0.0.1:${port}/${database}`,
    stop: async () => {
      await stopServer(dataIn(places.folder));
      process.off('exit', endWithThisProcess);
    },
  };
}
