/** Peer (a), front: a Nest controller that sends over Nest's own transport and answers what the handler answers. */
import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import { Body, Controller, Get, Headers, Inject, Module, type OnModuleInit, Post } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ClientKafka, type ClientProxy, ClientsModule } from '@nestjs/microservices';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { firstValueFrom } from 'rxjs';
import { bodyOf, ownerOf } from './caller.ts';
import { nest } from './names.ts';
import { commandClient, keyed } from './nest-transport.ts';

@Controller()
class TasksController implements OnModuleInit {
  constructor(@Inject('commands') private readonly client: ClientProxy) {}

  async onModuleInit(): Promise<void> {
    if (this.client instanceof ClientKafka) this.client.subscribeToResponseOf(nest.create);
    await this.client.connect();
  }

  @Get('health/ready')
  ready(): string {
    return 'ready';
  }

  @Post('v1/tasks')
  async create(@Headers('authorization') authorization: string, @Body() body: unknown): Promise<unknown> {
    const ownerId = await ownerOf(authorization);
    const command = { taskId: randomUUID(), ownerId, ...bodyOf(body) };
    return firstValueFrom(this.client.send<unknown>(nest.create, keyed(ownerId, command)));
  }
}

@Module({
  imports: [ClientsModule.register([{ name: 'commands', ...commandClient }])],
  controllers: [TasksController],
})
class GatewayModule {}

const app = await NestFactory.create(GatewayModule, new FastifyAdapter(), { logger: ['error', 'warn'] });
await app.listen(Number(process.env.PORT), '127.0.0.1');
