import { crashTest } from './crash.ts';
import { fiveProcesses } from './victims.ts';

crashTest(fiveProcesses('postgres'));
