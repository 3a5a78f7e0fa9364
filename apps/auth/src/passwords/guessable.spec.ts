import { describe, expect, it } from '@jest/globals';
import { guessable } from './guessable.js';

const ada = { email: 'ada.lovelace@example.org', name: 'Ada Lovelace' };

describe('a password', () => {
  it.each(['password', '12345678', 'iloveyou', 'PassWord', '1qaz2wsx', 'trustno1'])(
    'that everybody tries first is refused: %s',
    (password) => {
      expect(guessable(password, ada)).toContain('most common');
    },
  );

  it.each([
    'taskwire',
    'Taskwire2026!',
    'ada lovelace',
    '1815 Ada Lovelace',
    'ADA.LOVELACE',
    'ada.lovelace@example.org',
    'ada.lovelace1',
  ])('that is made of what is known of its owner, or of our name, is refused: %s', (password) => {
    expect(guessable(password, ada)).toContain('your name');
  });

  it.each([
    'correct horse battery staple',
    'ada lovelace wrote programs',
    '83615 27094',
    'пароль для всех',
    '🔑🔑🔑🔑🔑🔑🔑🔑',
  ])('of any other kind is taken: %s', (password) => {
    expect(guessable(password, ada)).toBeNull();
    expect(guessable(password, { email: '1@example.org', name: '007' })).toBeNull();
  });
});
