import type { Frame } from './frame.js';

/**
 * Why the gateway ends a connection. `expired`: the access token did. `revoked`: the session ended. `slow`: too much was
 * waiting for the client. `unavailable`: the feed can't be read now. `shutdown`: connect to another gateway.
 */
export type CloseReason = 'expired' | 'revoked' | 'slow' | 'unavailable' | 'shutdown';

/** A client's connection, whatever its protocol. */
export interface Transport {
  /** Tells the position that a client without frames would resume from. */
  position(id: number): void;
  send(frame: Frame): void;
  /** Keeps proxies from closing an idle connection, and finds clients that are gone. */
  beat(): void;
  /** Bytes that the client has not taken yet. */
  readonly buffered: number;
  /** Resolves when the client took what was sent, or is gone. */
  drained(): Promise<void>;
  close(reason: CloseReason): void;
  /** Runs once, whoever closed. */
  onClosed(listener: () => void): void;
}
