import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { rabbitmqUrl, until } from '@taskwire/testing';
import { RabbitmqScene } from '../../../testing/rabbitmq/index.js';
import { describeRabbitmq } from './rabbitmq.fixture.js';

describeRabbitmq('replies over RabbitMQ', () => {
  let scene: RabbitmqScene;

  beforeAll(async () => {
    scene = await RabbitmqScene.open(rabbitmqUrl);
  });

  afterAll(() => scene.close());

  async function pair() {
    const [requester, responder] = [
      await scene.start(scene.topology([])),
      await scene.start(scene.topology([])),
    ];
    const [replies, losses]: [string[], string[]] = [[], []];
    requester.onReply(
      (id) => replies.push(id),
      () => losses.push(requester.replyAddress),
    );
    const reply = (address: string, id: string) => responder.reply(address, id, {}, Buffer.from('x'));
    return { requester, responder, replies, losses, reply };
  }

  it('have another address after a reconnect, and whoever waits is told when the old one is gone', async () => {
    const { requester, replies, losses, reply } = await pair();
    const before = requester.replyAddress;
    await reply(before, 'first');
    await until('the first', () => replies.length === 1);
    scene.cut(requester, 'consume');
    await until('word of the loss', () => losses.length > 0);
    const after = await until(
      'a new address',
      () => requester.replyAddress !== before && requester.replyAddress,
    );
    await until('word at the new address: what was asked meanwhile named the old', () =>
      losses.includes(after),
    );
    await reply(before, 'to nobody');
    await reply(after, 'second');
    await until('the second', () => replies.includes('second'));
    expect(replies).toEqual(['first', 'second']);
  });

  it('keep their address when the sending connection alone is lost', async () => {
    const { requester, replies, losses, reply } = await pair();
    const before = requester.replyAddress;
    scene.cut(requester, 'publish');
    await until('health', async () => (await requester.health()).up);
    expect(requester.replyAddress).toBe(before);
    expect(losses).toEqual([]);
    await reply(before, 'x');
    await until('the reply', () => replies.length === 1);
  });

  it('are sent again after the sending connection was lost; meanwhile sending rejects', async () => {
    const { requester, responder, replies, reply } = await pair();
    scene.cut(responder, 'publish');
    await until('a refusal', () =>
      reply(requester.replyAddress, 'early').then(
        () => false,
        (error: Error) => error.message.includes('no connection to reply with'),
      ),
    );
    await until('a reply', async () => {
      await reply(requester.replyAddress, 'late').catch(() => undefined);
      return replies.includes('late');
    });
  });

  it('take a flood without keeping more than the channel takes', async () => {
    const { requester, replies, reply } = await pair();
    const sends = Array.from({ length: 5_000 }, (_, i) => reply(requester.replyAddress, String(i)));
    await Promise.all(sends);
    await until('all', () => replies.length === 5_000);
    expect(new Set(replies).size).toBe(5_000);
  });

  it('are told as lost once the driver closes, so that nobody waits for one', async () => {
    const { requester, losses } = await pair();
    await requester.close();
    expect(losses.length).toBeGreaterThan(0);
  });
});
