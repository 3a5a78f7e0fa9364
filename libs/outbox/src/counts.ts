export interface Counts {
  /** By subscriber and state. */
  readonly parked: readonly ParkedCount[];
  /** Rows not yet confirmed by the broker; counted up to 100,000. */
  readonly outboxRows: number;
  readonly oldestOutboxMs: number;
  /** Rows that the broker refused for good, and those behind them on their keys. */
  readonly heldRows: number;
  readonly scheduledRows: number;
  /** Keys that need a person: more than 1,000 waiting, or a head that nothing will ever run. */
  readonly alarms: readonly KeyAlarm[];
}

export interface ParkedCount {
  readonly subscriber: string;
  readonly state: 'retry' | 'dead' | 'waiting';
  readonly count: number;
}

export interface KeyAlarm {
  readonly subscriber: string;
  readonly topic: string;
  readonly key: string;
  readonly reason: 'many-waiting' | 'head-waiting';
  readonly count: number;
}
