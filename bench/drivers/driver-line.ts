import { createDriver, readBusConfig } from '@taskwire/service/bus';
import { decode, encode, type Line, type OpenLine, PARTITIONS } from './line.ts';

/** By the driver that BUS and KAFKA_CLIENT name. */
export const driverLine: OpenLine = async (name, receive): Promise<Line> => {
  const driver = await createDriver(readBusConfig(process.env), console.error);
  const topic = { name, partitions: PARTITIONS, retentionMs: 3_600_000 };
  await driver.connect();
  await driver.declare({ topics: [topic], groups: [{ name: `${name}.group`, topics: [name], from: 'now' }] });
  await driver.subscribe(`${name}.group`, [name], async (messages) =>
    receive(messages.map(({ body }) => decode(body))),
  );
  return {
    send: async (parcels) => {
      const results = await driver.send(
        parcels.map(({ content, ...parcel }) => ({ topic: name, ...parcel, body: encode(content) })),
      );
      for (const error of results) if (error) throw error;
    },
  };
};
