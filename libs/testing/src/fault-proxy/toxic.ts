/**
 * What a fault proxy can do to one direction of its connections, with the names, attributes and units of Shopify's
 * Toxiproxy (https://github.com/Shopify/toxiproxy#toxics). `down` is no toxic there either: see `FaultProxy.down`.
 */
export type Toxic =
  /** Delays all data by `latency` ms, more or less by at most `jitter` ms. Order is kept. */
  | { readonly type: 'latency'; readonly latency: number; readonly jitter?: number }
  /** Lets `rate` kB through in a second. */
  | { readonly type: 'bandwidth'; readonly rate: number }
  /** Passes the end of the stream on `delay` ms late. */
  | { readonly type: 'slow_close'; readonly delay: number }
  /**
   * Lets no data through, and closes the connection after `timeout` ms; with 0 when the toxic is removed. On one direction
   * alone it is a connection that is open by half.
   */
  | { readonly type: 'timeout'; readonly timeout: number }
  /** Resets the connection (RST) `timeout` ms after the next data arrives, which are lost. */
  | { readonly type: 'reset_peer'; readonly timeout: number }
  /**
   * Cuts data into pieces of `average_size` bytes, more or less by at most `size_variation`, each sent `delay` microseconds
   * after the one before.
   */
  | {
      readonly type: 'slicer';
      readonly average_size: number;
      readonly size_variation: number;
      readonly delay: number;
    }
  /** Closes the connection once `bytes` have passed. */
  | { readonly type: 'limit_data'; readonly bytes: number };

export type ToxicType = Toxic['type'];

/** The direction that a toxic is put on: `upstream` from client to server, `downstream` from server to client. */
export type Stream = 'upstream' | 'downstream';
