import { expect } from '@jest/globals';
import { onCommand, onEvents } from '../../src/index.js';
import { Gate } from '../driver/recorder.js';
import { allSpans, ancestorsOf, inNewTrace, recordSpans, spansOf } from './spans.js';
import type { BusCases } from './suite.js';
import { word } from './world.js';

export const traceCases: BusCases = {
  'keeps one trace from the sender over the handler to who hears of it': async (world) => {
    recordSpans();
    const { Say, Said, commands, collector } = world.words;
    const collected = await world.collect();
    const { bus, store } = await world.start();
    const say = onCommand(Say, ({ payload }, { publish }) => {
      publish(Said, payload);
      return payload;
    });
    await bus.serve(commands, [say], store);
    const identity = { actor: 'ann-1', roles: ['user'], session: null };
    const { traceId } = await inNewTrace('http', () =>
      bus.request(Say, word('ann', 'traced'), world.options({ identity })),
    );
    await world.until('the event', () => collected.length > 0);
    expect(collected[0]).toMatchObject({ traceId, actor: 'ann-1' });
    const named = (name: string) => spansOf(traceId).find((span) => span.name === name);
    // The span of a send ends when the broker has confirmed it, which may be after the message was handled.
    const isWhole = () => ancestorsOf(named(`process ${Said.topic}`)).some(({ name }) => name === 'http');
    await world.until('all spans from the last to the first', isWhole);
    const [root, sent, handled, heard] = [
      named('http'),
      named(`send ${Say.topic}`),
      named(`process ${Say.topic}`),
      named(`process ${Said.topic}`),
    ];
    expect(sent?.parentSpanContext?.spanId).toBe(root?.spanContext().spanId);
    expect(handled?.parentSpanContext?.spanId).toBe(sent?.spanContext().spanId);
    // A store's relay may have a span of its own in between.
    expect(ancestorsOf(heard)).toContain(handled);
    expect(handled?.attributes).toMatchObject({
      'messaging.destination.name': Say.topic,
      'messaging.consumer.group.name': commands.name,
      'messaging.operation.type': 'process',
      'taskwire.outcome': 'done',
    });
    expect(heard?.attributes['messaging.consumer.group.name']).toBe(collector.name);
  },

  'keeps the trace of each message of a batch apart, and links the batch to all': async (world) => {
    recordSpans();
    const { Said, Heard, listeners } = world.words;
    const collected = await world.collect();
    const { bus, store } = await world.start();
    const gate = new Gate();
    let begun = false;
    const hear = onEvents([Said], async (events, { publish }) => {
      begun = true;
      await gate.passed();
      for (const event of events) publish(Heard, event.payload, event);
    });
    await bus.serve(listeners, [hear], store);
    await bus.publish(Said, word('ann', 'first'));
    await world.until('the first one runs', () => begun);
    const sent = new Map<string, string>();
    for (const text of ['a', 'b', 'c', 'd']) {
      const { traceId } = await inNewTrace(text, () => bus.publish(Said, word('ann', text)));
      sent.set(text, traceId);
    }
    gate.open();
    const heard = () => collected.filter(({ type }) => type === Heard.type);
    await world.until('all of them', () => heard().length === 5);
    for (const { text, traceId } of heard()) {
      if (text !== 'first') expect({ text, traceId }).toEqual({ text, traceId: sent.get(text) });
    }
    const batches = () =>
      allSpans().filter(
        ({ name, attributes, links }) =>
          name === `process ${Said.topic}` &&
          attributes['messaging.consumer.group.name'] === listeners.name &&
          attributes['messaging.batch.message_count'] === links.length,
      );
    await world.until('the span of the batch', () => batches().length > 0);
    const linked = batches().flatMap(({ links }) => links.map((link) => link.context.traceId));
    expect(linked.length).toBeGreaterThanOrEqual(2);
    for (const traceId of linked) expect([...sent.values()]).toContain(traceId);
  },
};
