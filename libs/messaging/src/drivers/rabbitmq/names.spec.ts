import { expect, it } from '@jest/globals';
import { Names } from './names.js';

it('puts the prefix before everything, and keeps all names apart', () => {
  const names = new Names('acme.');
  const all = [
    names.exchange('task.events'),
    names.layout('task.events'),
    names.queue('task.events', 'notification.tasks', 7),
    names.members('notification.tasks'),
    names.member('notification.tasks', 'id'),
    names.replies('id'),
  ];
  expect(all).toEqual([
    'acme.task.events',
    'acme.task.events.layout',
    'acme.task.events.notification.tasks.7',
    'acme.notification.tasks.members',
    'acme.notification.tasks.members.id',
    'acme.replies.id',
  ]);
  expect(new Names('').exchange('task.events')).toBe('task.events');
});
