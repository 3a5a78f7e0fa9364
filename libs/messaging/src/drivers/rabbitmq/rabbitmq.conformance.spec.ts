import { describe } from '@jest/globals';
import { hasRabbitmq, hasRabbitmqManagement, rabbitmqManagementUrl, rabbitmqUrl } from '@taskwire/testing';
import { driverConformance } from '../../../testing/driver/index.js';
import { RabbitmqScene } from '../../../testing/rabbitmq/index.js';
import { forgetCases } from '../../../testing/driver/forget.cases.js';
import type { RabbitmqDriver } from './rabbitmq-driver.js';

const unlisted = (await hasRabbitmqManagement()) ? [] : Object.keys(forgetCases);

(hasRabbitmq() ? describe : describe.skip)('with RabbitMQ (RABBITMQ_URL)', () => {
  driverConformance({
    name: 'rabbitmq',
    create: async () => {
      const scene = await RabbitmqScene.open(rabbitmqUrl, rabbitmqManagementUrl);
      return {
        driver: () => scene.driver(),
        kill: (driver) => Promise.resolve((driver as RabbitmqDriver).abort()),
        cut: (driver) => Promise.resolve(scene.cut(driver as RabbitmqDriver)),
        close: () => scene.close(),
      };
    },
    excuses: {
      'reads old messages in a group that was declared from the earliest':
        'a queue has only what came after it was made',
      'tells how long it keeps messages of a topic that it has': 'a queue keeps what waits in it',
      ...Object.fromEntries(
        unlisted.map((title) => [title, `no management plugin at ${rabbitmqManagementUrl}`]),
      ),
    },
  });
});
