import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { command, event } from '../contract/message.js';
import { subscription } from '../contract/subscription.js';
import { onCommand, onEvents } from './handler.js';
import { checkNames, registryOf } from './registry.js';

const payload = z.object({ owner: z.string() });
const key = (p: { owner: string }) => p.owner;
const Create = command('note.create.v1', {
  topic: 'note.commands',
  key,
  payload,
  reply: payload,
  rejections: [],
});
const Created = event('note.created.v1', { topic: 'note.events', key, payload });
const Deleted = event('note.deleted.v1', { topic: 'note.events', key, payload });
const notes = subscription('notes', { kind: 'group', commands: [Create], events: [Created] });
const create = onCommand(Create, function create({ payload: reply }) {
  return reply;
});
const created = onEvents([Created], function created() {
  return undefined;
});

describe('registry', () => {
  it('knows contract and handler of each declared type', () => {
    const registry = registryOf(notes, [create, created]);
    expect(registry.handlerOf('note.create.v1')).toBe(create);
    expect(registry.contractOf('note.created.v1')).toBe(Created);
    expect(registry.handlerOf('note.sung.v1')).toBeUndefined();
    expect(registry.carriesCommands('note.commands')).toBe(true);
    expect(registry.carriesCommands('note.events')).toBe(false);
  });

  it('names everything that is missing, extra and doubled in one error', () => {
    const stray = onEvents([Created, Deleted], function stray() {
      return undefined;
    });
    expect(() => registryOf(notes, [created, stray])).toThrow(
      new TypeError(
        'subscription "notes": no handler for note.create.v1; note.created.v1 is handled more than once: created, stray; ' +
          'stray handles note.deleted.v1, which is not declared',
      ),
    );
  });

  it('refuses a name that is used twice', () => {
    expect(() => checkNames(['a', 'b', 'a'])).toThrow('subscription names must be unique: a used twice');
    expect(() => checkNames(['a', 'b'])).not.toThrow();
  });
});
