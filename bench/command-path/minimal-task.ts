/** Peer (b), service: a batch is one SQL statement for inbox, rows and outbox; then replies, events, acknowledgements. */
import { randomUUID } from 'node:crypto';
import { CreateTask } from '@taskwire/contracts';
import { Client } from 'pg';
import type { Command, Done } from './minimal-bus.ts';
import { kafkaService } from './minimal-kafka.ts';
import { rabbitmqService } from './minimal-rabbitmq.ts';
import { minimal } from './names.ts';

const STORE = `with input as (
    select * from jsonb_to_recordset($1::jsonb) as t(
      id text, "eventId" text, event text, partition int, reply json,
      "taskId" uuid, "ownerId" uuid, title text, description text, status "TaskStatus", priority "TaskPriority",
      "dueAt" timestamptz, "remindAt" timestamptz, labels text[], now timestamptz)
  ), fresh as (
    insert into inbox (subscriber, id, ending, reply, first_sent_at)
    select '${minimal.group}', id, 'done', reply, now from input
    on conflict (subscriber, id) do nothing returning id
  ), added as (
    insert into tasks (id, owner_id, title, description, status, priority, due_at, remind_at, labels,
                       version, created_at, updated_at)
    select "taskId", "ownerId", title, description, status, priority, "dueAt", "remindAt", labels, 1, now, now
    from input join fresh using (id)
  )
  insert into outbox (id, aggregatetype, aggregateid, type, partition, payload, headers)
  select "eventId", '${minimal.events}', "ownerId"::text, 'task.created', partition, event, '{}'
  from input join fresh using (id) returning seq`;

async function openDatabase(): Promise<Client> {
  const client = new Client({ connectionString: process.env.DATABASE_URL });
  await client.connect();
  return client;
}

const [store, relay] = [await openDatabase(), await openDatabase()];
const bus = await (process.env.BUS === 'kafka' ? kafkaService() : rabbitmqService());
let sent = Promise.resolve();

await bus.consume(async (commands) => {
  const made = commands.map(make);
  const values = [JSON.stringify(made.map(({ row }) => row))];
  const { rows } = await store.query<{ seq: string }>({ name: 'store', text: STORE, values });
  const done = made.map((one) => one.done);
  // The next batch is stored meanwhile; order is kept, because all calls of `send` go one way.
  const sending = bus.send(done);
  sent = sent.then(async () => {
    await sending;
    const seqs = rows.map(({ seq }) => seq);
    await relay.query({
      name: 'sent',
      text: 'delete from outbox where seq = any($1::bigint[])',
      values: [seqs],
    });
    bus.settle(done);
  });
  sent.catch((error: unknown) => {
    console.error(error);
    process.exit(1);
  });
  return done;
});
process.send?.('ready');

function make(command: Command): { row: object; done: Done } {
  const { id, command: body } = JSON.parse(command.body.toString()) as { id: string; command: unknown };
  const { taskId, ownerId, ...fields } = CreateTask.payload.parse(body);
  const now = new Date().toISOString();
  const eventId = randomUUID();
  const task = { id: taskId, ...fields, version: 1, createdAt: now, updatedAt: now, completedAt: null };
  const event = JSON.stringify({ id: eventId, task: { ...task, ownerId } });
  const row = {
    id,
    eventId,
    event,
    partition: command.partition,
    reply: task,
    taskId,
    ownerId,
    ...fields,
    now,
  };
  return {
    row,
    done: {
      command,
      reply: Buffer.from(JSON.stringify(task)),
      event: { id: eventId, owner: ownerId, body: Buffer.from(event) },
    },
  };
}
