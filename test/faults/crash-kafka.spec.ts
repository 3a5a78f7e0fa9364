import { it } from '@jest/globals';
import { hasKafka } from '@taskwire/testing';
import { crashTest } from './crash.js';
import { fiveProcesses } from './victims.js';

if (hasKafka()) crashTest(fiveProcesses('kafka'));
else it.skip('SIGKILL at named points over kafka: there is none', () => undefined);
