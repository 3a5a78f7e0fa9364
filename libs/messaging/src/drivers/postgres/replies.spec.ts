import { expect, it } from '@jest/globals';
import { deafProxy } from '../../../testing/postgres/deaf-proxy.js';
import { BusDatabase, message, until } from './postgres.fixture.js';

const bus = new BusDatabase();

it('sends small replies inside the notification, and large ones by table', async () => {
  const [requester, responder] = [await bus.start('t'), await bus.start('t')];
  const sizes = new Map<string, number>();
  requester.onReply(
    (id, _headers, body) => sizes.set(id, body.length),
    () => undefined,
  );
  const listener = await bus.session();
  const heard: string[] = [];
  listener.on('notification', ({ payload }) => heard.push(payload ?? ''));
  await listener.query(`listen "bus_reply_${requester.id}"`);
  const wanted = [10, 5_000, 5_700, 5_900, 7_000, 8_000, 50_000];
  await Promise.all(
    wanted.map((size) =>
      responder.reply(requester.replyAddress, `size-${String(size)}`, { ключ: 'é' }, Buffer.alloc(size, 255)),
    ),
  );
  await until('all replies', () => sizes.size === wanted.length);
  expect([...sizes.values()].sort((a, b) => a - b)).toEqual(wanted);
  await until('the notifications', () => heard.includes('') && heard.some((payload) => payload !== ''));
  await listener.end();
  expect(await bus.rows('select from bus.reply')).toEqual([]);
});

it('refuses an address that is none of its own kind, without harm to other replies', async () => {
  const [requester, responder] = [await bus.start('t'), await bus.start('t')];
  const got: string[] = [];
  requester.onReply(
    (id) => got.push(id),
    () => undefined,
  );
  const refused = Promise.allSettled(
    ['bus', 'push-x', `push-${'a'.repeat(100)}`].map((address) =>
      responder.reply(address, 'bad', {}, Buffer.alloc(1)),
    ),
  );
  await responder.reply(requester.replyAddress, 'good', {}, Buffer.alloc(1));
  expect((await refused).map(({ status }) => status)).toEqual(Array(3).fill('rejected'));
  await until('the good one', () => got.length === 1);
});

it('polls fast, and says so, when notifications do not arrive', async () => {
  const proxy = await deafProxy(bus.url);
  try {
    const deaf = await bus.start('t', ['g'], { url: proxy.url });
    const other = await bus.start('t', ['g']);
    await until('the warning', () => bus.warnings.some((text) => /notifications do not arrive/.test(text)));
    const [texts, replies]: [string[], string[]] = [[], []];
    await deaf.subscribe('g', ['t'], (messages) => {
      texts.push(...messages.map((m) => m.body.toString()));
      return Promise.resolve();
    });
    deaf.onReply(
      (id) => replies.push(id),
      () => undefined,
    );
    await other.send([message('t', 'polled')]);
    await until('the message', () => texts.length === 1);
    await other.reply(deaf.replyAddress, 'small', {}, Buffer.alloc(1));
    await until('the reply', () => replies.length === 1);
    await deaf.close();
  } finally {
    await proxy.close();
  }
});
