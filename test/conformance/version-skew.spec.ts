import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { contracts } from '@taskwire/contracts';
import { CONTRACTS_FOLDER, readStored } from '@taskwire/contracts/compatibility';
import {
  Bus,
  type CommandContract,
  direct,
  type EventContract,
  type MessageContract,
  onCommand,
  onEvents,
  type RequestResult,
  subscription,
  SYSTEM,
  topologyOf,
} from '@taskwire/messaging';
import type { DriverTarget } from '@taskwire/messaging/testing/driver';
import { z } from 'zod';
import { memoryTarget, postgresTarget } from './targets.js';

const PATIENCE_MS = 15_000;
const stored = await readStored(CONTRACTS_FOLDER);
const commands = contracts.filter((contract) => contract.kind === 'command');
const events = contracts.filter((contract) => contract.kind === 'event');

/** The contract as somebody has it who knows of it only what was stored when it was published. */
function asPublished<C extends MessageContract>(contract: C): C {
  const { payload, reply } = stored.published.get(contract.type)!;
  const compiled = (schema: object | undefined) => z.fromJSONSchema(schema as z.core.JSONSchema.JSONSchema);
  return { ...contract, payload: compiled(payload), ...(reply && { reply: compiled(reply) }) };
}

/** The contract of a newer version, which sends more than we have heard of. */
function newer<C extends MessageContract>(contract: C): C {
  return {
    ...contract,
    payload: z.looseObject({}),
    ...('reply' in contract && { reply: z.looseObject({}) }),
  };
}

/** A new field in every object, also of those within. */
function withNewFields(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withNewFields);
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.entries(value).map(([name, one]) => [name, withNewFields(one)]);
  return { ...Object.fromEntries(fields), sinceNextVersion: { at: 1, many: ['a'] } };
}

const samplesOf = (contract: MessageContract) => stored.samples.get(contract.type)!;

describe.each([
  ['memory', memoryTarget],
  ['postgres', postgresTarget],
])('one version behind, over %s', (_, createTarget) => {
  let target: DriverTarget;
  const buses: Bus[] = [];
  beforeAll(async () => void (target = await createTarget()));
  afterEach(async () => void (await Promise.all(buses.splice(0).map((bus) => bus.close(3_000)))));
  afterAll(() => target.close());

  const all = (name: string, ofThese: { commands?: CommandContract[]; events?: EventContract[] }) =>
    subscription(`behind.${name}`, { kind: 'group', ...ofThese });

  function open(group: ReturnType<typeof all>): Bus {
    const driver = target.driver();
    const bus = new Bus({ driver, topology: topologyOf(contracts, [group]), log: () => undefined });
    buses.push(bus);
    return bus;
  }

  /** Sends every stored sample of every event, changed by `change`; answers what the receivers made of them. */
  async function exchange(
    name: string,
    sender: (contract: EventContract) => EventContract,
    receiver: (contract: EventContract) => EventContract,
    change: (value: unknown) => unknown,
  ): Promise<Map<string, unknown>> {
    const received = new Map<string, unknown>();
    const known = events.map(receiver);
    const group = all(name, { events: known });
    const bus = open(group);
    const follow = onEvents(known, (batch) => {
      for (const { type, key, payload } of batch) received.set(`${type} ${key}`, payload);
    });
    await bus.serve(group, [follow], direct(bus.driver));
    const sent = events.flatMap((contract) =>
      samplesOf(contract).payload.map(({ value }) => bus.publish(sender(contract), change(value))),
    );
    await Promise.all(sent);
    const end = performance.now() + PATIENCE_MS;
    while (received.size < sent.length && performance.now() < end)
      await new Promise((resolve) => setTimeout(resolve, 5));
    return received;
  }

  /** What today's contract makes of the stored samples: what every exchange has to deliver. */
  const expected = () =>
    new Map(
      events.flatMap((contract) =>
        samplesOf(contract).payload.map(({ value, key }) => [
          `${contract.type} ${key}`,
          contract.payload.parse(value),
        ]),
      ),
    );

  it('receives events that have new fields, and is not shown them', async () => {
    const received = await exchange('events', newer, (contract) => contract, withNewFields);
    expect(received).toEqual(expected());
  });

  it('receives them also when it was made from the published schemas alone', async () => {
    const received = await exchange('schemas', newer, asPublished, withNewFields);
    expect([...received.keys()].sort()).toEqual([...expected().keys()].sort());
    for (const [message, payload] of expected()) expect(received.get(message)).toMatchObject(payload);
  });

  it('is understood: its events are received by those of today', async () => {
    const received = await exchange(
      'old',
      asPublished,
      (contract) => contract,
      (value) => value,
    );
    expect(received).toEqual(expected());
  });

  /** Sends every stored sample of every command; the service answers `reply` of its stored samples. */
  async function ask(
    name: string,
    gateway: (contract: CommandContract) => CommandContract,
    service: (contract: CommandContract) => CommandContract,
    change: { payload: (value: unknown) => unknown; reply: (value: unknown) => unknown },
  ): Promise<RequestResult<unknown>[]> {
    const served = commands.map(service);
    const group = all(name, { commands: served });
    const bus = open(group);
    const handlers = served.map((contract) =>
      onCommand(contract, ({ payload }) => {
        const today = commands.find(({ type }) => type === contract.type);
        // What reached the handler is what was sent, whoever of the two is the older.
        expect(today?.payload.safeParse(payload).success).toBe(true);
        return change.reply(samplesOf(contract).reply?.[0]?.value);
      }),
    );
    await bus.serve(group, handlers, direct(bus.driver));
    return Promise.all(
      commands.flatMap((contract) =>
        samplesOf(contract).payload.map(({ value }) =>
          bus.request(gateway(contract), change.payload(value), {
            ...{ id: randomUUID(), identity: SYSTEM, waitMs: PATIENCE_MS },
            ...{ firstSentAt: new Date(), deadline: new Date(Date.now() + 60_000) },
          }),
        ),
      ),
    );
  }

  const same = (value: unknown) => value;
  const done = () =>
    commands.flatMap((contract) =>
      samplesOf(contract).payload.map(() => ({
        status: 'done',
        repeated: false,
        reply: contract.reply.parse(samplesOf(contract).reply?.[0]?.value),
      })),
    );

  it('serves the commands of a newer gateway', async () => {
    const change = { payload: withNewFields, reply: same };
    await expect(ask('commands', newer, same as never, change)).resolves.toEqual(done());
  });

  it('understands the replies of newer services', async () => {
    const change = { payload: same, reply: withNewFields };
    await expect(ask('replies', same as never, newer, change)).resolves.toEqual(done());
  });

  it('would fail every one of them if a contract refused unknown fields', async () => {
    const strict = (contract: CommandContract): CommandContract => ({
      ...contract,
      payload: (contract.payload as z.ZodObject).strict(),
    });
    const results = await ask('strict', newer, strict, { payload: withNewFields, reply: same });
    expect(results.map((result) => 'problem' in result && result.problem.code)).toEqual(
      done().map(() => 'contract_mismatch'),
    );
  });
});
