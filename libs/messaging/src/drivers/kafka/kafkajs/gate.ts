import type { Socket } from 'node:net';

const JOIN_GROUP = 11;
const HEARTBEAT = 12;
const API_KEY_AT = 4;

/** What a group must know of its client's requests before they leave. */
export interface Gate {
  /** JoinGroup leaves when this has resolved. */
  beforeJoin(): Promise<void>;
  heartbeat(): void;
}

/**
 * kafkajs joins again without asking whether what runs has ended: its events come too late, and waiting in `eachBatch`
 * would hold up every other partition of that broker. It writes each request with one call, so JoinGroup is held back here.
 */
export function gated(socket: Socket, gate: Gate): void {
  const write: (data: Buffer) => boolean = socket.write.bind(socket);
  socket.write = (data: string | Uint8Array): boolean => {
    const request = data as Buffer;
    const apiKey = request.length > API_KEY_AT + 1 ? request.readInt16BE(API_KEY_AT) : -1;
    if (apiKey === HEARTBEAT) gate.heartbeat();
    if (apiKey !== JOIN_GROUP) return write(request);
    void gate.beforeJoin().then(() => {
      if (!socket.destroyed) write(request);
    });
    return true;
  };
}
