import { describe, expect, it } from '@jest/globals';
import { createLogger } from '@taskwire/telemetry';
import { Shutdown } from './shutdown.js';

function makeShutdown(deadlineMs = 2_000) {
  const lines: string[] = [];
  const destination = { write: (line: string) => lines.push(line) };
  return {
    shutdown: new Shutdown(createLogger({ service: 'test', env: {}, destination }), deadlineMs),
    lines,
  };
}

describe('a shutdown', () => {
  it('ends what was started last first, each once', async () => {
    const { shutdown } = makeShutdown();
    const ended: string[] = [];
    for (const name of ['database', 'bus', 'requests']) shutdown.add(name, async () => ended.push(name));

    await Promise.all([shutdown.run(), shutdown.run()]);

    expect(ended).toEqual(['requests', 'bus', 'database']);
  });

  it('waits for one part before it ends the next', async () => {
    const { shutdown } = makeShutdown();
    let drained = false;
    let seen: boolean | undefined;
    shutdown.add('database', async () => (seen = drained));
    shutdown.add('requests', async () => {
      await new Promise((resolve) => setImmediate(resolve));
      drained = true;
    });
    await shutdown.run();

    expect(seen).toBe(true);
  });

  it('goes on when a part fails, and says which', async () => {
    const { shutdown, lines } = makeShutdown();
    const ended: string[] = [];
    shutdown.add('database', async () => ended.push('database'));
    shutdown.add('bus', () => Promise.reject(new Error('connection lost')));
    await shutdown.run();

    expect(ended).toEqual(['database']);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ part: 'bus', err: { message: 'connection lost' } });
  });

  it('leaves a part that hangs, in time for the others', async () => {
    const { shutdown, lines } = makeShutdown(400);
    const ended: string[] = [];
    shutdown.add('database', async () => ended.push('database'));
    shutdown.add('requests', () => new Promise(() => undefined));
    await shutdown.run();

    expect(ended).toEqual(['database']);
    expect(lines[0]).toContain('requests did not end within');
  });
});
