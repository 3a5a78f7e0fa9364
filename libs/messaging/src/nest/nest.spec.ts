import { randomUUID } from 'node:crypto';
import { afterEach, describe, expect, it } from '@jest/globals';
import {
  type CallHandler,
  type CanActivate,
  Catch,
  Controller,
  type ExceptionFilter,
  type ExecutionContext,
  Injectable,
  Module,
  type NestInterceptor,
  type Type,
  UseFilters,
  UseGuards,
  UseInterceptors,
} from '@nestjs/common';
import { EXCEPTION_FILTERS_METADATA, FILTER_CATCH_EXCEPTIONS } from '@nestjs/common/internal';
import { NestFactory } from '@nestjs/core';
import { lastValueFrom, map, type Observable, throwError } from 'rxjs';
import { z } from 'zod';
import { Bus } from '../bus.js';
import { command, event } from '../contract/message.js';
import { type Subscription, subscription } from '../contract/subscription.js';
import { topologyOf } from '../contract/topology.js';
import { direct } from '../direct.js';
import { memoryDriver } from '../drivers/memory/index.js';
import { SYSTEM } from '../envelope.js';
import type { CommandOf, EventOf } from '../registry/handler.js';
import { type HandlerContext, type ReceivedMessage, Rejection } from '../store.js';
import { BINDING, type Binding } from './binding.js';
import { BusClient } from './bus-client.js';
import { BusServer } from './bus-server.js';
import { HandleBroadcast, HandleCommand, HandleCommandBatch, HandleEvents } from './decorators.js';

const payload = z.object({ owner: z.string(), text: z.string() });
const byOwner = { key: (p: { owner: string }) => p.owner, payload };
const Say = command('word.say.v1', {
  topic: 'word.commands',
  ...byOwner,
  reply: payload,
  rejections: ['no'],
});
const Shout = command('word.shout.v1', {
  topic: 'word.commands',
  ...byOwner,
  reply: payload,
  rejections: [],
});
const Said = event('word.said.v1', { topic: 'word.events', ...byOwner });
const Shouted = event('word.shouted.v1', { topic: 'word.events', ...byOwner });
const words = subscription('word.commands', { kind: 'group', commands: [Say, Shout] });
const heard = subscription('word.heard', { kind: 'group', events: [Said, Shouted] });
const live = subscription('word.live', { kind: 'broadcast', events: [Said] });

class Teapot extends Error {}

@Catch(Teapot)
class TeapotFilter implements ExceptionFilter {
  catch(): Observable<never> {
    return throwError(() => new Rejection('teapot'));
  }
}

@Injectable()
class OnlyKnown implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const data = context.switchToRpc().getData<ReceivedMessage<{ text: string }>>();
    return data.payload.text !== 'forbidden';
  }
}

@Injectable()
class Polite implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler<{ text: string }>): Observable<unknown> {
    return next.handle().pipe(map((reply) => ({ ...reply, text: `${reply.text}, please` })));
  }
}

@Controller()
@UseFilters(TeapotFilter)
class Words {
  @HandleCommand(Say)
  @UseGuards(OnlyKnown)
  @UseInterceptors(Polite)
  say(message: CommandOf<typeof Say>, { publish }: HandlerContext) {
    if (message.payload.text === 'refused') throw new Rejection('no', 'not that');
    if (message.payload.text === 'teapot') throw new Teapot();
    publish(Said, message.payload);
    return message.payload;
  }

  @HandleCommandBatch(Shout)
  shout(commands: readonly CommandOf<typeof Shout>[]) {
    return commands.map(({ payload }) => ({ ...payload, text: payload.text.toUpperCase() }));
  }
}

const seen: { events: string[]; live: string[]; resyncs: number } = { events: [], live: [], resyncs: 0 };

@Controller()
class Ears {
  @HandleEvents(Said, Shouted)
  hear(events: readonly EventOf<typeof Said>[]) {
    seen.events.push(...events.map(({ payload }) => payload.text));
  }

  @HandleBroadcast(live, { resync: 'resync' })
  hearLive(one: EventOf<typeof Said>) {
    seen.live.push(one.payload.text);
  }

  resync() {
    seen.resyncs += 1;
  }
}

async function start(controllers: Type[], subscriptions: Subscription[]) {
  @Module({ controllers })
  class App {}
  const all = [words, heard, live];
  const driver = memoryDriver();
  const bus = new Bus({ driver, topology: topologyOf([Say, Said], all) });
  const strategy = new BusServer({ bus, subscriptions, store: direct(driver) });
  const app = await NestFactory.createMicroservice(App, { strategy, logger: false });
  cleanUp.push(async () => {
    await app.close();
    await bus.close();
  });
  await app.listen();
  return bus;
}

const cleanUp: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of cleanUp.splice(0)) await close();
  Object.assign(seen, { events: [], live: [], resyncs: 0 });
});

const options = () => ({
  id: randomUUID(),
  identity: SYSTEM,
  firstSentAt: new Date(),
  deadline: new Date(Date.now() + 60_000),
});
const said = (text: string) => ({ owner: 'ann', text });

async function until(condition: () => boolean): Promise<void> {
  for (const end = Date.now() + 5_000; !condition() && Date.now() < end;) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

describe('Nest adapter', () => {
  it('answers a command through guards and interceptors, and passes on what it publishes', async () => {
    const bus = await start([Words, Ears], [words, heard, live]);
    const result = await bus.request(Say, said('tea'), options());
    expect(result).toEqual({ status: 'done', reply: said('tea, please'), repeated: false });
    await until(() => seen.events.length > 0 && seen.live.length > 0);
    expect(seen).toEqual({ events: ['tea'], live: ['tea'], resyncs: 1 });
  });

  it('lets a Rejection through unmasked', async () => {
    const bus = await start([Words, Ears], [words, heard, live]);
    const result = await bus.request(Say, said('refused'), options());
    expect(result).toMatchObject({ status: 'rejected', problem: { code: 'no', detail: 'not that' } });
  });

  it('asks filters that are bound to the class first', async () => {
    const bus = await start([Words, Ears], [words, heard, live]);
    const result = await bus.request(Say, said('teapot'), options());
    expect(result).toMatchObject({ status: 'rejected', problem: { code: 'teapot' } });
  });

  it('answers forbidden when a guard says no', async () => {
    const bus = await start([Words, Ears], [words, heard, live]);
    const result = await bus.request(Say, said('forbidden'), options());
    expect(result).toMatchObject({ status: 'rejected', problem: { code: 'forbidden' } });
  });

  it('hands a batch handler an array', async () => {
    const bus = await start([Words, Ears], [words, heard, live]);
    const result = await bus.request(Shout, said('hey'), options());
    expect(result).toMatchObject({ status: 'done', reply: said('HEY') });
  });

  it('sends by ClientProxy', async () => {
    const bus = await start([Words, Ears], [words, heard, live]);
    const client = new BusClient(bus);
    const result: unknown = await lastValueFrom(client.send(Say, { payload: said('tea'), ...options() }));
    expect(result).toMatchObject({ status: 'done' });
    await lastValueFrom(client.emit(Shouted, { payload: said('HEY') }), { defaultValue: undefined });
    await until(() => seen.events.includes('HEY'));
    expect(seen.events).toContain('HEY');
  });

  it('names everything that handlers and subscriptions do not share', async () => {
    await expect(start([Words], [heard, live])).rejects.toThrow(
      /"word.live": no @HandleBroadcast[^]*no handler for word\.said\.v1; no handler for word\.shouted\.v1[^]*Words\.say handles word\.say\.v1, which/,
    );
  });

  it('takes further locks for events, behind their types', () => {
    class Counting {
      @HandleEvents(Said, Shouted, { locks: ({ payload }) => [payload.owner] })
      count(events: readonly EventOf<typeof Said>[]) {
        seen.events.push(String(events.length));
      }
    }
    const method: unknown = Object.getOwnPropertyDescriptor(Counting.prototype, 'count')?.value;
    const extras = Reflect.getMetadata('microservices:pattern_extras', method as object) as {
      [BINDING]: Extract<Binding, { kind: 'group' }>;
    };
    const binding = extras[BINDING];
    expect(binding.contracts).toEqual([Said, Shouted]);
    expect(binding.locks?.({ payload: said('tea') } as ReceivedMessage)).toEqual(['ann']);
  });

  it('checks handlers against their contracts when it is compiled', () => {
    class Wrong {
      // @ts-expect-error the contract's reply has an owner
      @HandleCommand(Say)
      reply(message: CommandOf<typeof Say>) {
        return { text: message.payload.text };
      }

      // @ts-expect-error the contract's payload has no such field
      @HandleCommand(Shout)
      payload(message: ReceivedMessage<{ owner: string; text: string; loud: boolean }>) {
        return message.payload;
      }

      // @ts-expect-error events come as an array
      @HandleEvents(Said)
      single(one: EventOf<typeof Said>) {
        seen.events.push(one.id);
      }
    }
    expect(Wrong.name).toBe('Wrong');
  });

  it('refuses a method with two decorators', () => {
    expect(() => {
      class Twice {
        @HandleCommand(Say)
        @HandleCommand(Shout)
        both(message: CommandOf<typeof Say>) {
          return message.payload;
        }
      }
      return Twice;
    }).toThrow('Twice.both has two handler decorators');
  });

  it('leaves the errors of HTTP routes on the same class to the filters of HTTP', () => {
    const [filter] = Reflect.getMetadata(EXCEPTION_FILTERS_METADATA, Ears) as [ExceptionFilter & object];
    const types = Reflect.getMetadata(
      FILTER_CATCH_EXCEPTIONS,
      Object.getPrototypeOf(filter) as object,
    ) as Type[];
    expect(types.some((type) => new Error() instanceof type)).toBe(false);
  });
});
