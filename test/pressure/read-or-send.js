// One instance of a service, alone in its process, so that its memory is its own: reads slowly, or sends as fast as it can.
// It is told what by its only argument, says `ready`, and answers each message of its parent with what it has done so far.
import { setTimeout as sleep } from 'node:timers/promises';

const DRIVERS = {
  postgres: async (options) => (await import('@taskwire/messaging/postgres')).postgresDriver(options),
  rabbitmq: async (options) => (await import('@taskwire/messaging/rabbitmq')).rabbitmqDriver(options),
  kafka: async (options) => (await import('@taskwire/messaging/kafka')).kafkaDriver(options),
};

const MOST_ATTEMPTS = 5;
const PAUSE_MS = 500;

const { bus, options, topology, task } = JSON.parse(process.argv[2]);
const driver = await DRIVERS[bus](options);
await connectAsServicesDo();
await driver.declare(topology);
const [{ name: topic, partitions }] = topology.topics;
const done = {
  handled: 0,
  repeated: 0,
  confirmed: 0,
  refused: [],
  partitions: 0,
  fewestPartitions: Infinity,
};

/** They wait for their broker: with all these processes starting at once, it may not answer the first time. */
async function connectAsServicesDo() {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await driver.connect();
    } catch (error) {
      if (attempt === MOST_ATTEMPTS) throw error;
      await sleep(PAUSE_MS);
    }
  }
}

async function readSlowly({ group, batchSize, batchMs }) {
  const seen = new Set();
  const deliver = async (messages) => {
    await sleep(batchMs);
    for (const { key } of messages) {
      if (seen.has(key)) done.repeated += 1;
      seen.add(key);
    }
    done.handled += messages.length;
  };
  const consumer = await driver.subscribe(group, [topic], deliver, { batchSize });
  setInterval(() => {
    done.partitions = consumer.partitions().get(topic)?.length ?? 0;
    const hadAll = done.partitions === partitions || done.fewestPartitions <= partitions;
    if (hadAll) done.fewestPartitions = Math.min(done.fewestPartitions, done.partitions);
  }, 50);
}

async function sendFast({ senders, batchSize, bytes }) {
  const body = Buffer.alloc(bytes);
  for (let sender = 0; sender < senders; sender += 1) {
    const message = { topic, partition: sender % partitions, key: String(sender), headers: {}, body };
    const batch = Array.from({ length: batchSize }, () => message);
    void (async () => {
      for (;;) {
        for (const error of await driver.send(batch)) {
          if (error) done.refused.push(error.message);
          else done.confirmed += 1;
        }
      }
    })();
  }
}

async function report() {
  const lag = await driver.lag();
  global.gc();
  const { heapUsed, external } = process.memoryUsage();
  return { ...done, bytes: heapUsed + external, lag: lag.reduce((sum, { messages }) => sum + messages, 0) };
}

process.on('message', () => void report().then((answer) => process.send(answer)));
process.once('disconnect', () => process.exit());
if (task.read) await readSlowly(task.read);
else await sendFast(task.send);
process.send('ready');
