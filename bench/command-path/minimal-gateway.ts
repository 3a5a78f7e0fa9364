/** Peer (b), front: Fastify and a broker's client, and no more than the job needs. */
import { randomUUID } from 'node:crypto';
import fastify from 'fastify';
import { bodyOf, ownerOf } from './caller.ts';
import { kafkaFront } from './minimal-kafka.ts';
import { rabbitmqFront } from './minimal-rabbitmq.ts';

const bus = await (process.env.BUS === 'kafka' ? kafkaFront() : rabbitmqFront());
const app = fastify();

app.get('/health/ready', () => 'ready');
app.post('/v1/tasks', async (request, reply) => {
  const ownerId = await ownerOf(request.headers.authorization);
  const id = randomUUID();
  const command = { taskId: randomUUID(), ownerId, ...bodyOf(request.body) };
  const task = await bus.request(id, ownerId, Buffer.from(JSON.stringify({ id, command })));
  return reply.code(201).type('application/json').send(task);
});
await app.listen({ port: Number(process.env.PORT), host: '127.0.0.1' });
