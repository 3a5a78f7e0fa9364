import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { freePorts } from './free-ports.js';
import { until } from './until.js';

/** A Redis of the test's own, which it may kill or stop. Keeps nothing on disk. */
export interface LocalRedis {
  readonly url: string;
  /** As a power cut would. */
  kill(): Promise<void>;
  /** On the same port, with nothing in it. */
  start(): Promise<void>;
  /** It keeps its connections and answers nothing, until `thaw`. */
  freeze(): void;
  thaw(): void;
}

const BARE = ['--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--loglevel', 'warning'];

/** Needs redis-server; undefined where there is none. With CI=true that is an error. */
export async function startLocalRedis(): Promise<LocalRedis | undefined> {
  const [port = 0] = await freePorts(1);
  let server: ChildProcess | undefined;
  const start = async () => {
    const started = spawn('redis-server', ['--port', String(port), ...BARE], { stdio: 'ignore' });
    await once(started, 'spawn');
    server = started;
    await until('Redis', () => isListening(port));
  };
  try {
    await start();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || process.env['CI'] === 'true') throw error;
    return undefined;
  }
  return {
    url: `redis://127.0.0.1:${port}`,
    start,
    freeze: () => void server?.kill('SIGSTOP'),
    thaw: () => void server?.kill('SIGCONT'),
    kill: async () => {
      const killed = server;
      server = undefined;
      if (killed === undefined) return;
      const exited = once(killed, 'exit');
      killed.kill('SIGKILL');
      await exited;
    },
  };
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => socket.destroy()).once('error', () => resolve(false));
    socket.once('close', (failed) => resolve(!failed));
  });
}
