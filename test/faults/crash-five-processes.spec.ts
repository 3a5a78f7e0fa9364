import { crashTest } from './crash.js';
import { fiveProcesses } from './victims.js';

crashTest(fiveProcesses('postgres'));
