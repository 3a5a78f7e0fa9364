import { expect } from '@jest/globals';
import type { Driver, Headers } from '../../src/index.js';
import type { Cases } from './case.js';

interface Reply {
  readonly headers: Headers;
  readonly body: Buffer;
}

function collect(driver: Driver): { replies: Map<string, Reply>; lost: () => number } {
  const replies = new Map<string, Reply>();
  let lost = 0;
  driver.onReply(
    (id, headers, body) => replies.set(id, { headers, body }),
    () => (lost += 1),
  );
  return { replies, lost: () => lost };
}

export const replyCases: Cases = {
  'brings replies, small and large, with headers and bytes as they were sent': async (scene) => {
    const topology = scene.topology([scene.name('commands')]);
    const [requester, responder] = [await scene.start(topology), await scene.start(topology)];
    const { replies } = collect(requester);
    const every = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
    const large = Buffer.alloc(200_000, every);
    const headers = { type: 'task.created.v1', note: 'naïve ключ' };
    await responder.reply(requester.replyAddress, 'small', headers, every);
    await responder.reply(requester.replyAddress, 'large', headers, large);
    await responder.reply(requester.replyAddress, 'empty', {}, Buffer.alloc(0));
    await scene.until('three replies', () => replies.size === 3);
    expect(replies.get('small')).toEqual({ headers, body: every });
    expect(replies.get('large')?.body.equals(large)).toBe(true);
    expect(replies.get('empty')).toEqual({ headers: {}, body: Buffer.alloc(0) });
  },

  'brings each of two requesters its own replies, many at once': async (scene) => {
    const topology = scene.topology([scene.name('commands')]);
    const [a, b, responder] = [
      await scene.start(topology),
      await scene.start(topology),
      await scene.start(topology),
    ];
    expect(a.replyAddress).not.toBe(b.replyAddress);
    const [atA, atB] = [collect(a), collect(b)];
    await Promise.all(
      Array.from({ length: 200 }, (_, i) => {
        const address = i % 2 === 0 ? a.replyAddress : b.replyAddress;
        return responder.reply(address, `r${String(i)}`, { n: String(i) }, Buffer.from(String(i)));
      }),
    );
    await scene.until('all replies', () => atA.replies.size === 100 && atB.replies.size === 100);
    expect([...atA.replies.keys()].every((id) => Number(id.slice(1)) % 2 === 0)).toBe(true);
  },

  'replies to a requester that is gone without disturbing others': async (scene) => {
    const topology = scene.topology([scene.name('commands')]);
    const [gone, here, responder] = [
      await scene.start(topology),
      await scene.start(topology),
      await scene.start(topology),
    ];
    const { replies } = collect(here);
    await scene.kill(gone);
    await responder.reply(gone.replyAddress, 'nobody', {}, Buffer.from('x')).catch(() => undefined);
    await responder.reply(here.replyAddress, 'somebody', {}, Buffer.from('y'));
    await scene.until('the reply', () => replies.size === 1);
  },

  'says when replies may have been lost, and brings the next ones': async (scene) => {
    const topology = scene.topology([scene.name('commands')]);
    const [requester, responder] = [await scene.start(topology), await scene.start(topology)];
    const { replies, lost } = collect(requester);
    expect(lost()).toBe(0);
    await scene.target.cut(requester);
    await scene.until('word of the loss', () => lost() >= 1);
    let n = 0;
    await scene.until('a reply after the reconnect', async () => {
      await responder.reply(requester.replyAddress, `again-${String((n += 1))}`, {}, Buffer.from('x'));
      return replies.size > 0;
    });
  },
};
