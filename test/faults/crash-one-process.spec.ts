import { crashTest } from './crash.ts';
import { oneProcess } from './victims.ts';

crashTest(oneProcess);
