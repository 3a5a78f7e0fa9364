import { driverConformance } from '../../../testing/driver/index.js';
import { MemoryBroker } from './broker.js';
import { MemoryDriver } from './memory-driver.js';

driverConformance({
  name: 'memory',
  create: () => {
    const broker = new MemoryBroker();
    return Promise.resolve({
      driver: () => new MemoryDriver(broker),
      kill: (driver) => Promise.resolve((driver as MemoryDriver).abort()),
      cut: (driver) => Promise.resolve((driver as MemoryDriver).disconnect()),
      close: () => Promise.resolve(),
    });
  },
  excuses: {
    'stores what comes before a message that is too large, and nothing of its partition behind it':
      'it takes messages of any size',
  },
});
