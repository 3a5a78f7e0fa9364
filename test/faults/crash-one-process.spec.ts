import { crashTest } from './crash.js';
import { oneProcess } from './victims.js';

crashTest(oneProcess);
