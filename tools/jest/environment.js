import { createContext } from 'node:vm';
import { ModernFakeTimers } from '@jest/fake-timers';
import { context, metrics, propagation, trace } from '@opentelemetry/api';
import { ModuleMocker } from 'jest-mock';

const { setTimeout, setInterval, setImmediate, clearTimeout, clearInterval, clearImmediate } = globalThis;
const TIMERS = { setTimeout, setInterval, setImmediate, clearTimeout, clearInterval, clearImmediate };

/** Specs run in Node itself, as the apps do, and not in a context of their own with other globals. */
export default class NodeEnvironment {
  global = globalThis;
  moduleMocker = new ModuleMocker(globalThis);
  // Jest asks for both kinds.
  fakeTimers = null;
  #context = createContext();

  constructor({ projectConfig }) {
    this.fakeTimersModern = new ModernFakeTimers({ config: projectConfig, global: globalThis });
  }

  exportConditions() {
    return [];
  }

  /** Where Jest runs what it brings itself. */
  getVmContext() {
    return this.#context;
  }

  async setup() {}

  async teardown() {
    this.fakeTimersModern.dispose();
    // A spy on a faked timer gives that one back.
    Object.assign(globalThis, TIMERS);
    // Of all packages the one that keeps what it was told.
    for (const api of [context, metrics, propagation, trace]) api.disable();
  }
}
