import { describe, expect, it } from '@jest/globals';
import { OperationIds, type OperationKey } from './operation-id.js';

const key: OperationKey = {
  service: 'task',
  subscriber: 'task.commands',
  owner: '0b4c6f5e-3f0e-7c55-9d0a-4f7f5b1f3c11',
  commandId: '6f1f6f0e-9d0c-8f7a-8f0e-1f2d3c4b5a69',
  route: 'POST /v1/tasks',
  firstSentAt: new Date('2026-11-21T10:00:00.123Z'),
  deadline: new Date('2026-11-21T10:15:00.123Z'),
};
const ids = new OperationIds('a secret of thirty-two characters');

describe('OperationIds', () => {
  it('opens what it signed', () => {
    expect(ids.verify(ids.sign(key))).toEqual(key);
  });

  it('fits into a path and its limit', () => {
    expect(ids.sign(key)).toMatch(/^[A-Za-z0-9_.-]{1,1000}$/);
  });

  it.each([
    ['another secret', new OperationIds('another secret of many characters').sign(key)],
    ['another owner', reowned(ids.sign(key))],
    ['a cut signature', ids.sign(key).slice(0, -1)],
    ['no signature', ids.sign(key).split('.')[0] ?? ''],
    ['nothing', ''],
    ['words', 'not-an-operation'],
  ])('refuses %s', (_what, id) => {
    expect(ids.verify(id)).toBeUndefined();
  });
});

function reowned(id: string): string {
  const [text = '', signature = ''] = id.split('.');
  const fields = Buffer.from(text, 'base64url').toString().replace('0b4c6f5e', '1b4c6f5e');
  return `${Buffer.from(fields).toString('base64url')}.${signature}`;
}
