import { describe, expect, it } from '@jest/globals';
import { Names } from './names.js';

describe('names on Kafka', () => {
  it('puts the prefix before topics, groups and the topic of replies', () => {
    const names = new Names('blue.');
    expect([names.topic('task.events'), names.group('analytics'), names.replies]).toEqual([
      'blue.task.events',
      'blue.analytics',
      'blue.taskwire.replies.v1',
    ]);
  });

  it.each(['with space', 'ключ', 'a/b', '', 'x'.repeat(250)])('refuses a topic named "%s"', (name) => {
    expect(() => new Names('').topic(name)).toThrow("can't be a topic");
  });
});
