import { ClientProxy, type ReadPacket, type WritePacket } from '@nestjs/microservices';
import type { Bus } from '../bus.js';
import type { RequestOptions } from '../bus.types.js';
import type { CommandContract, EventContract, PayloadOf } from '../contract/message.js';
import type { Identity } from '../envelope.js';

/** What `send` takes as its data. */
export interface CommandRequest<C extends CommandContract> extends RequestOptions {
  readonly payload: PayloadOf<C>;
}

/** What `emit` takes as its data. */
export interface EventRequest<C extends EventContract> {
  readonly payload: PayloadOf<C>;
  readonly identity?: Identity;
}

/**
 * The bus as Nest's ClientProxy: `send(CreateTask, data satisfies CommandRequest<typeof CreateTask>)` and
 * `emit(RequestCompleted, data satisfies EventRequest<...>)`; patterns are contracts. `send` answers the RequestResult,
 * whatever the ending: only a command that was not sent is an error. `Bus.request` is the same with types.
 */
export class BusClient extends ClientProxy {
  constructor(private readonly bus: Bus) {
    super();
  }

  connect(): Promise<void> {
    return this.bus.start();
  }

  close(): void {
    // The bus outlives its clients: whoever made it closes it.
  }

  unwrap<T>(): T {
    return this.bus as T;
  }

  protected publish(packet: ReadPacket, callback: (packet: WritePacket) => void): () => void {
    const { payload, ...options } = packet.data as CommandRequest<CommandContract>;
    this.bus.request(packet.pattern as unknown as CommandContract, payload, options).then(
      (response) => callback({ response, isDisposed: true }),
      (err: unknown) => callback({ err }),
    );
    return () => undefined;
  }

  protected async dispatchEvent<T>(packet: ReadPacket): Promise<T> {
    const { payload, identity } = packet.data as EventRequest<EventContract>;
    return (await this.bus.publish(packet.pattern, payload, identity)) as T;
  }
}
