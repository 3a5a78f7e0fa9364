import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { z } from 'zod';
import { command } from '../contract/message.js';
import { type Driver, type OutgoingMessage, SendError } from '../driver.js';
import { SYSTEM } from '../envelope.js';
import { request } from './request.js';
import { Waiters } from './waiters.js';

const payload = z.object({ owner: z.string() });
const Create = command('note.create.v1', {
  ...{ topic: 'note.commands', key: (p: { owner: string }) => p.owner },
  ...{ payload, reply: payload, rejections: [] },
});
const body = Buffer.from('{"owner":"ann"}');
const done = { status: 'done', reply: { owner: 'ann' }, repeated: false };

beforeEach(() => {
  jest.useFakeTimers();
});

afterEach(() => {
  jest.useRealTimers();
});

/** A requester whose sends are confirmed by hand. */
function begin(waitMs?: number) {
  const late: string[] = [];
  const waiters = new Waiters(
    10,
    () => void late.push('late'),
    () => void late.push('unreadable'),
  );
  const sent: OutgoingMessage[] = [];
  const confirmation = Promise.withResolvers<SendError | undefined>();
  const driver = {
    ...{ name: 'memory', replyAddress: 'here' },
    send: async (messages: readonly OutgoingMessage[]) => {
      sent.push(...messages);
      return [await confirmation.promise];
    },
  } as unknown as Driver;
  const options = {
    ...{ id: 'c1', identity: SYSTEM, firstSentAt: new Date(), deadline: new Date() },
    ...(waitMs !== undefined && { waitMs }),
  };
  const result = request(driver, waiters, Create, { owner: 'ann' }, options, {});
  const correlationId = () => sent[0]?.headers.correlationid ?? '';
  return { waiters, sent, late, confirm: confirmation.resolve, result, correlationId };
}

describe('request', () => {
  it('takes a reply that comes before the confirmation', async () => {
    const { waiters, result, correlationId } = begin();
    await jest.advanceTimersByTimeAsync(0);
    waiters.receive(correlationId(), { status: 'done' }, body);
    await expect(result).resolves.toEqual(done);
  });

  it('answers pending when it is stored and no reply comes within the wait', async () => {
    const { confirm, result, late, waiters, correlationId } = begin(100);
    confirm(undefined);
    await jest.advanceTimersByTimeAsync(100);
    await expect(result).resolves.toEqual({ status: 'pending' });
    waiters.receive(correlationId(), { status: 'done' }, body);
    expect(late).toEqual(['late']);
  });

  it('answers unknown when neither confirmation nor reply comes', async () => {
    const { result } = begin(100);
    await jest.advanceTimersByTimeAsync(6_000);
    await expect(result).resolves.toEqual({ status: 'unknown' });
  });

  it('waits for the reply although the driver does not know whether it sent', async () => {
    const { waiters, confirm, result, correlationId } = begin();
    confirm(new SendError('unknown', 'connection lost'));
    await jest.advanceTimersByTimeAsync(10);
    waiters.receive(correlationId(), { status: 'done' }, body);
    await expect(result).resolves.toEqual(done);
  });

  it('rejects at once when it certainly was not stored', async () => {
    const { confirm, result } = begin();
    confirm(new SendError('not-stored', 'no connection'));
    await expect(result).rejects.toMatchObject({ outcome: 'not-stored' });
  });

  it('answers pending when replies were lost, without waiting any longer', async () => {
    const { waiters, confirm, result } = begin(60_000);
    confirm(undefined);
    await jest.advanceTimersByTimeAsync(10);
    waiters.giveUpAll();
    await expect(result).resolves.toEqual({ status: 'pending' });
  });

  it('answers pending when the reply can not be read: the operation knows', async () => {
    const { waiters, confirm, result, late, correlationId } = begin();
    confirm(undefined);
    await jest.advanceTimersByTimeAsync(10);
    waiters.receive(correlationId(), { status: 'done' }, Buffer.from('{"owner":7}'));
    await expect(result).resolves.toEqual({ status: 'pending' });
    expect(late).toEqual(['unreadable']);
  });

  it('asks for no reply when it does not wait for one', async () => {
    const { confirm, result, sent } = begin(0);
    confirm(undefined);
    await expect(result).resolves.toEqual({ status: 'pending' });
    expect(sent[0]?.headers).not.toHaveProperty('replyto');
  });

  it('leaves no timer behind', async () => {
    const { waiters, confirm, result, correlationId } = begin();
    confirm(undefined);
    await jest.advanceTimersByTimeAsync(0);
    waiters.receive(correlationId(), { status: 'done' }, body);
    await result;
    expect(jest.getTimerCount()).toBe(0);
  });
});
