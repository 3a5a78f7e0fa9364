import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { command } from '../contract/message.js';
import type { Outcome } from '../store.js';
import { decode } from './decode.js';
import { encodeEvent } from './encode.js';
import { decodeReply, encodeReply } from './reply.js';

const payload = z.object({ owner: z.string() });
const Create = command('note.create.v1', {
  ...{ topic: 'note.commands', key: (p: { owner: string }) => p.owner },
  ...{ payload, reply: payload, rejections: [] },
});
const receiver = { contractOf: () => Create, carriesCommands: () => true, ordered: true };
const sent = encodeEvent({ ...Create, kind: 'event' }, { owner: 'ann' });
const { message } = decode(sent.headers, sent.body, receiver);
const ended = { kind: 'ended', reply: null, problem: null, repeated: false } as const;
const problem = { code: 'full', detail: 'no room' };

describe('reply', () => {
  it.each<[Parameters<typeof encodeReply>[1], unknown]>([
    [
      { ...ended, ending: 'done', reply: { owner: 'ann' }, repeated: true },
      { status: 'done', reply: { owner: 'ann' }, repeated: true },
    ],
    [
      { ...ended, ending: 'rejected', problem },
      { status: 'rejected', problem, repeated: false },
    ],
    [
      { ...ended, ending: 'expired' },
      { status: 'expired', problem: { code: 'expired' }, repeated: false },
    ],
    [{ kind: 'conflict' }, { status: 'conflict' }],
    [{ kind: 'too-old' }, { status: 'too-old' }],
  ])('carries %j', (outcome: Exclude<Outcome, { kind: 'parked' | 'again' }>, result) => {
    const { headers, body } = encodeReply(message, outcome);
    expect(decodeReply(Create, headers, body)).toEqual(result);
  });

  it('refuses a reply that does not fit the contract', () => {
    const { headers, body } = encodeReply(message, { ...ended, ending: 'done', reply: { owner: 7 } });
    expect(() => decodeReply(Create, headers, body)).toThrow(/note\.create\.v1 \(reply\): .* \/owner/);
  });

  it('refuses what has no known status', () => {
    expect(() => decodeReply(Create, {}, Buffer.from('null'))).toThrow('the reply has no known status');
  });
});
