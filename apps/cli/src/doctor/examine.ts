import { DoctorReport } from '@taskwire/contracts';
import { clockFindings, type Finding, textOf } from '@taskwire/messaging';
import { CliError } from '../cli-error.js';
import { InternalApi, operatorToken } from '../internal-api.js';
import { platformPlace } from '../place.js';
import { SERVICE_NAMES } from '../services.js';
import { readClock } from './clock.js';

export interface Found extends Finding {
  /** Who says so. */
  readonly from: readonly string[];
}

interface Said {
  readonly name: string;
  readonly finding: Finding;
}

/** Asks every service what is wrong with it, and all for their clocks; what several say is there once. */
export async function examine(env: NodeJS.ProcessEnv): Promise<Found[]> {
  const token = operatorToken(env);
  const apis = SERVICE_NAMES.map((service) => new InternalApi(service, env, token));
  const places = [
    ...apis.map(({ service, url }) => ({ name: service, url })),
    { name: 'gateway', url: env.GATEWAY_URL || platformPlace(env).urlOf('gateway') },
  ];
  const reports = await Promise.all(apis.map(reportOf));
  const said = [...reports.flat(), ...(await clocksOf(places))];
  return [...Map.groupBy(said, ({ finding }) => textOf(finding)).values()].flatMap((same) => {
    const [first] = same;
    return first ? [{ ...first.finding, from: same.map(({ name }) => name) }] : [];
  });
}

async function reportOf(api: InternalApi): Promise<Said[]> {
  const name = api.service;
  try {
    const { findings } = await api.get('/internal/doctor', DoctorReport);
    return findings.map((finding) => ({ name, finding }));
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    return [{ name, finding: silent(error.message) }];
  }
}

/** The gateway has no store to examine; but it stamps every command. */
async function clocksOf(places: readonly { readonly name: string; readonly url: string }[]): Promise<Said[]> {
  const read = await Promise.all(
    places.map(async ({ name, url }) => ({ name, clock: await readClock(url) })),
  );
  const clocks = read
    .flatMap(({ name, clock }) => (clock ? [{ name, ...clock }] : []))
    .sort((one, other) => one.ms - other.ms);
  const [behind, ahead] = [clocks[0], clocks.at(-1)];
  const found = behind && ahead ? apart(behind, ahead) : [];
  const gateway = read.find(({ name }) => name === 'gateway');
  if (gateway?.clock) return found;
  const how = 'is it running? GATEWAY_PORT and HOST, or GATEWAY_URL, name another address';
  return [...found, { name: 'gateway', finding: silent(`gateway is not reachable: ${how}`) }];
}

interface Clock {
  readonly name: string;
  readonly ms: number;
  readonly uncertainMs: number;
}

/** Of the two clocks that are farthest apart. */
function apart(behind: Clock, ahead: Clock): Said[] {
  const offset = { ms: ahead.ms - behind.ms, uncertainMs: ahead.uncertainMs + behind.uncertainMs };
  return clockFindings(`the clocks of ${behind.name} and ${ahead.name}`, offset).map((finding) => ({
    name: `${behind.name} and ${ahead.name}`,
    finding,
  }));
}

const silent = (what: string): Finding => ({
  level: 'refused',
  what,
  why: 'nothing can be said of it',
  change: 'mend that, then ask again',
});
