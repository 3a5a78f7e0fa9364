import { direct, type Driver, type MessageStore } from '../../src/index.js';

/** A store of one instance, as an application would make it. */
export interface OpenStore {
  readonly store: MessageStore;
  /** Starts what runs beside it, when the driver is connected. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** Of a database: all its connections end, and it takes no new ones. */
export interface Outage {
  down(): Promise<void>;
  up(): Promise<void>;
}

/** The store side under test: one database, opened by several instances. */
export interface StoreTarget {
  /** `parkedLimit`: parked messages at which a subscription pauses. */
  open(driver: Driver, parkedLimit?: number): Promise<OpenStore>;
  /** Its database, if it has one. */
  readonly database?: Outage;
  close(): Promise<void>;
}

const nothing = () => Promise.resolve();

/** Groups without a database. */
export const directStores = (): Promise<StoreTarget> =>
  Promise.resolve({
    open: (driver) => Promise.resolve({ store: direct(driver), start: nothing, stop: nothing }),
    close: nothing,
  });

/** What a store without a database is excused from. */
export const DIRECT_EXCUSES: Readonly<Record<string, string>> = {
  'runs a command once, however often it is sent, and answers each copy': 'direct() remembers nothing',
  'answers conflict when an id is used for another request': 'direct() remembers nothing',
  'handles an event once, however often it is sent': 'direct() remembers nothing',
  'parks an event that keeps failing and what follows of its key, while other keys flow':
    'direct() has nowhere to park',
  'keeps the order of each key while two instances park, drain and resume, and one joins and one leaves meanwhile':
    'direct() has nowhere to park',
  'pauses a subscription that has parked as much as it may, and goes on once that is healed':
    'direct() has nowhere to park',
  'settles nothing while the database is down, and everything once it is back': 'direct() has no database',
};
