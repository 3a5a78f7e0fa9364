import { Bus, direct, event, onEvents, subscription, topologyOf } from '@taskwire/messaging';
import { createDriver, readBusConfig } from '@taskwire/service/bus';
import { startTelemetry } from '@taskwire/telemetry';
import { z } from 'zod';
import type { OpenLine } from './line.ts';

const payload = z.object({ owner: z.uuid(), at: z.number(), text: z.string().max(1_000) });

/**
 * By the bus on the driver that BUS names: envelopes, validation on both sides, the pipeline and spans, without a store.
 * Spans are recorded where OTEL_EXPORTER_OTLP_ENDPOINT says where they go.
 */
export const busLine: OpenLine = async (topic, receive) => {
  startTelemetry({ service: 'bench', env: process.env });
  const Sent = event('bench.sent.v1', { topic, key: ({ owner }) => owner, payload });
  const group = subscription(`${topic}.group`, { kind: 'group', events: [Sent] });
  const driver = await createDriver(readBusConfig(process.env), console.error);
  const bus = new Bus({ driver, topology: topologyOf([Sent], [group]), source: '/bench' });
  await bus.start();
  const handler = onEvents([Sent], (events) => receive(events.map((message) => message.payload)));
  await bus.serve(group, [handler], direct(driver));
  return {
    send: async (parcels) => {
      await Promise.all(parcels.map(({ content }) => bus.publish(Sent, content)));
    },
  };
};
