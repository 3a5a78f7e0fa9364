/** Peer (a), service: a `@MessagePattern` handler that inserts one row with Prisma and emits one event. */
import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import { Controller, Inject, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  type ClientProxy,
  ClientsModule,
  Ctx,
  MessagePattern,
  Payload,
  RmqContext,
} from '@nestjs/microservices';
import { CreateTask } from '@taskwire/contracts';
import type { Channel, Message } from 'amqplib';
import { lastValueFrom } from 'rxjs';
import { openTaskDatabase } from '../rig/task-database.ts';
import { nest } from './names.ts';
import { eventClient, keyed, server } from './nest-transport.ts';

const prisma = openTaskDatabase(process.env.DATABASE_URL ?? '').client;

@Controller()
class CreateTaskHandler {
  constructor(@Inject('events') private readonly events: ClientProxy) {}

  @MessagePattern(nest.create)
  async create(@Payload() payload: unknown, @Ctx() context: unknown): Promise<unknown> {
    const { taskId, ...fields } = CreateTask.payload.parse(payload);
    const now = new Date();
    const times = { version: 1, createdAt: now, updatedAt: now };
    const task = await prisma.task.create({ data: { id: taskId, ...fields, ...times } });
    const event = keyed(task.ownerId, { id: randomUUID(), task });
    await lastValueFrom(this.events.emit(nest.created, event), { defaultValue: undefined });
    if (context instanceof RmqContext) {
      (context.getChannelRef() as Channel).ack(context.getMessage() as unknown as Message);
    }
    return task;
  }
}

@Module({
  imports: [ClientsModule.register([{ name: 'events', ...eventClient }])],
  controllers: [CreateTaskHandler],
})
class TaskModule {}

const app = await NestFactory.createMicroservice(TaskModule, { ...server, logger: ['error', 'warn'] });
await app.listen();
process.send?.('ready');
