/** `npm run bench -- <part> [--short]` */
import { parseArgs } from 'node:util';
import { CASES, commandPath } from '../command-path/command-path.ts';

const { values } = parseArgs({ allowPositionals: true, options: { short: { type: 'boolean', default: false }, bus: { type: 'string' }, contender: {type:'string'} } });
console.log(JSON.stringify(await commandPath({
  buses: [values.bus as 'kafka'], contenders: (values.contender ?? 'taskwire,nest,minimal').split(',') as never, cases: CASES, rounds: 1, seconds: 2,
}), null, 1));
