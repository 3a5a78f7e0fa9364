import { z } from 'zod';
import { command, event, subscription, topologyOf } from '../../src/index.js';

const payload = z.object({ speaker: z.string(), text: z.string() });
export type Word = z.output<typeof payload>;

/** The contracts of one case, on topics and groups of its own. */
export function wordsOf(id: string) {
  const key = (word: Word) => word.speaker;
  const [commandTopic, eventTopic] = [`words.commands.${id}`, `words.events.${id}`];
  const Say = command('word.say.v1', {
    ...{ topic: commandTopic, key, payload, reply: payload },
    rejections: ['refused'],
  });
  /** The same command as a sender with a looser contract would send it. */
  const SayAnything = command('word.say.v1', {
    ...{ topic: commandTopic, key: () => 'ann', payload: z.unknown(), reply: payload },
    rejections: [],
  });
  const Sing = command('word.sing.v1', { topic: commandTopic, key, payload, reply: payload, rejections: [] });
  const Said = event('word.said.v1', { topic: eventTopic, key, payload });
  const Heard = event('word.heard.v1', { topic: eventTopic, key, payload });
  const commands = subscription(`commands.${id}`, { kind: 'group', commands: [Say] });
  const listeners = subscription(`listeners.${id}`, { kind: 'group', events: [Said] });
  const collector = subscription(`collector.${id}`, { kind: 'group', events: [Said, Heard] });
  const live = subscription(`live.${id}`, { kind: 'broadcast', events: [Said] });
  const topology = topologyOf([Say, Said, Heard], [commands, listeners, collector, live]);
  return { Say, SayAnything, Sing, Said, Heard, commands, listeners, collector, live, topology };
}

export type Words = ReturnType<typeof wordsOf>;
