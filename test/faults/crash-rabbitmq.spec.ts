import { it } from '@jest/globals';
import { hasRabbitmq } from '@taskwire/testing';
import { crashTest } from './crash.ts';
import { fiveProcesses } from './victims.ts';

if (hasRabbitmq()) crashTest(fiveProcesses('rabbitmq'));
else it.skip('SIGKILL at named points over rabbitmq: there is none', () => undefined);
