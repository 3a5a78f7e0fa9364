import { broadcastCases } from './broadcast.cases.js';
import { closeCases } from './close.cases.js';
import { faultCases } from './fault.cases.js';
import { forgetCases } from './forget.cases.js';
import { groupCases } from './group.cases.js';
import { publishCases } from './publish.cases.js';
import { pressureCases } from './pressure.cases.js';
import { refusalCases } from './refusal.cases.js';
import { replyCases } from './reply.cases.js';
import { sharingCases } from './sharing.cases.js';
import { stormCases } from './storm.cases.js';
import type { Cases } from './case.js';

/** All that a driver must do, by name. */
export const CASES: Cases = {
  ...publishCases,
  ...groupCases,
  ...pressureCases,
  ...sharingCases,
  ...faultCases,
  ...closeCases,
  ...broadcastCases,
  ...replyCases,
  ...refusalCases,
  ...forgetCases,
  ...stormCases,
};
