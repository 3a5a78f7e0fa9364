import type { BusName } from '../buses.ts';
import { type Deployment, deploy, SHORTENED } from './deployment.ts';
import type { Round } from './progress.ts';
import { seeded } from './random.ts';
import { type RoundPlan, runRound } from './round.ts';
import type { Servers } from './servers.ts';
import { startWeather } from './weather.ts';

/** Rounds on one deployment, each with owners of its own; after one that fails, on another deployment. */
export interface Session {
  round(number: number, point: string, plan: Pick<RoundPlan, 'seed' | 'victims'>): Promise<Round>;
  /** Settings that differ from production. */
  settings(): Record<string, string>;
  /** Where the outputs of the last deployment are. */
  folder(): string;
  close(): Promise<void>;
}

export function openSession(
  bus: BusName,
  settings: Readonly<Record<string, string>>,
  servers: Servers,
): Session {
  let deployment: Deployment | undefined;
  let folder = '';
  let different: Record<string, string> = SHORTENED;
  let keep = false;

  const attempt = async (plan: Pick<RoundPlan, 'seed' | 'victims'>): Promise<Omit<Round, keyof Frame>> => {
    const running = (deployment ??= await deploy({
      ...{ shape: 'five processes', bus, settings, broker: servers.broker?.address },
      links: seeded(`${plan.seed}/links`),
    }));
    folder = running.folder;
    const { KAFKA_SESSION_MS } = running.bus.env;
    different = {
      ...SHORTENED,
      ...(KAFKA_SESSION_MS !== undefined && { KAFKA_SESSION_MS }),
      ...settings,
    };
    const weather = () => startWeather(running, seeded(`${plan.seed}/weather`), servers);
    const result = await runRound(running, { ...plan, weather, webhooks: true });
    return {
      ...result,
      kills: [...result.kills],
      findings: [...result.findings],
      remindersLateMs: [...result.remindersLateMs],
      complaints: [...result.complaints],
      error: null,
    };
  };
  /** What can't be cleaned up must not hide why a round failed: its broker may be gone. */
  const end = async (): Promise<void> => {
    await deployment
      ?.stop({ keep })
      .catch((error: unknown) => console.error('not everything could be removed:', error));
    deployment = undefined;
  };
  return {
    round: async (number, point, plan) => {
      const started = performance.now();
      const before = deployment?.exits().length ?? 0;
      const result: Omit<Round, keyof Frame> = await attempt(plan).catch((error: unknown) => {
        console.error(error);
        // Without its stack, which names folders of this machine.
        return { ...NOTHING, error: String(error) };
      });
      const exits = deployment?.exits().slice(before) ?? [];
      const [uncaught] = deployment?.uncaught() ?? [];
      if (uncaught !== undefined) result.error ??= uncaught;
      if (result.error !== null || result.findings.length > 0 || result.refused > 0) {
        keep = true;
        await end();
      }
      const seconds = Math.round((performance.now() - started) / 1_000);
      return { ...result, number, point, exits, seconds };
    },
    settings: () => different,
    folder: () => folder,
    close: end,
  };
}

type Frame = Pick<Round, 'number' | 'point' | 'exits' | 'seconds'>;

const NOTHING: Omit<Round, keyof Frame | 'error'> = {
  ...{ kills: [], faults: {}, findings: [], remindersLateMs: [], complaints: [] },
  ...{ attempted: 0, acknowledged: 0, byOperation: 0, refused: 0 },
};
