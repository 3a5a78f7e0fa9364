import { randomInt, randomUUID } from 'node:crypto';
import { appendFileSync, readFileSync } from 'node:fs';

const accounts = JSON.parse(readFileSync(process.env.LOAD_ACCOUNTS, 'utf8'));
let next = randomInt(accounts.length);
let arrivals = 0;

export async function pickAccount(context) {
  const account = accounts[next];
  next = (next + 1) % accounts.length;
  arrivals += 1;
  Object.assign(context.vars, account, {
    arrival: arrivals,
    key: randomUUID(),
    title: `load ${randomUUID()}`,
    exempt: process.env.LOAD_EXEMPT_TOKEN,
  });
}

export function everyTenth(vars) {
  return vars.arrival % 10 === 0;
}

/** Artillery counts connection errors by itself; here every other status than the one documented is an error too. */
export async function countUnexpected(request, response, context, events) {
  if (response.statusCode !== request.expectedStatus) events.emit('counter', 'load.unexpected', 1);
}

/** What this client was told, for the ledger. */
export async function note(request, response, context) {
  const line = { userId: context.vars.userId, title: context.vars.title, status: response.statusCode };
  appendFileSync(process.env.LOAD_NOTES, `${JSON.stringify(line)}\n`);
}
