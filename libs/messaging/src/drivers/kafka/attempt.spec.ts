import { describe, expect, it } from '@jest/globals';
import { Attempt } from './attempt.js';

const never = new Promise<never>(() => undefined);

describe('an attempt to write', () => {
  it('passes on what became of it', async () => {
    await expect(new Attempt(true, 1_000).within(Promise.resolve('stored'))).resolves.toBeUndefined();
    const refused = Promise.reject(new Error('refused'));
    await expect(new Attempt(true, 1_000).within(refused)).rejects.toThrow('refused');
  });

  it('is given up at its deadline', async () => {
    const attempt = new Attempt(true, 20);
    await expect(attempt.within(never)).rejects.toThrow('no confirmation within 20 ms');
    expect(attempt.isOver).toBe(true);
  });

  it('is certainly not written while there was no connection', async () => {
    const attempt = new Attempt(false, 20);
    await expect(attempt.within(never)).rejects.toThrow('no connection');
    expect(attempt.mayBeWritten).toBe(false);
  });

  it('may be written once there was a connection, before or meanwhile', async () => {
    expect(new Attempt(true, 20).mayBeWritten).toBe(true);
    const attempt = new Attempt(false, 30);
    const ended = attempt.within(never);
    attempt.connected();
    await expect(ended).rejects.toThrow('no confirmation');
    expect(attempt.mayBeWritten).toBe(true);
  });
});
