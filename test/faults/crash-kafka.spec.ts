import { it } from '@jest/globals';
import { hasKafka } from '@taskwire/testing';
import { crashTest } from './crash.ts';
import { fiveProcesses } from './victims.ts';

if (hasKafka()) crashTest(fiveProcesses('kafka'));
else it.skip('SIGKILL at named points over kafka: there is none', () => undefined);
