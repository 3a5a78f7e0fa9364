import { ReplayedLetters } from '@taskwire/contracts';
import { CliError } from '../cli-error.js';
import { apiOf, asJson, type Context, type FilterOptions, filterOf, PATH, serviceOf } from './context.js';
import { table } from './table.js';

export interface ReplayCommandOptions extends FilterOptions {
  readonly yes?: boolean;
  readonly reason?: string;
  readonly limit: string;
  readonly after?: string;
  readonly rate?: string;
  readonly json?: boolean;
}

export async function replay(
  context: Context,
  subscriber: string | undefined,
  id: string | undefined,
  options: ReplayCommandOptions,
): Promise<void> {
  const { yes = false, reason, limit, after, rate, json } = options;
  const service = serviceOf(subscriber, options);
  const body = {
    ...{ ...filterOf(subscriber, options), id, after, reason, limit, dryRun: !yes },
    ...(rate !== undefined && { perSecond: Number(rate) }),
  };
  const plan = await apiOf(service, context).ask(`${PATH}/replay`, body, ReplayedLetters);
  for (const line of json ? [asJson(plan)] : linesOf(plan)) context.print(line);
  const [only] = plan.steps;
  if (id !== undefined && only && only.verdict !== 'runs') {
    throw new CliError(
      `${id} ${yes ? 'was' : 'would'} not ${yes ? 'replayed' : 'run'}: ${WHY[only.verdict]}`,
    );
  }
}

type Verdict = ReplayedLetters['steps'][number]['verdict'];

const WHY: Readonly<Record<Exclude<Verdict, 'runs'>, string>> = {
  'no-effect': 'the inbox has it: it took effect before; discard it',
  ended: 'its caller was told how it ended; discard it',
  'not-dead': 'it runs by itself, or stands behind one that is dead',
};

function linesOf({ applied, steps, next }: ReplayedLetters): string[] {
  const rows = steps.map((step) => [
    step.verdict === 'runs' ? `in ${((step.afterMs ?? 0) / 1_000).toFixed(2)} s` : 'not',
    step.subscriber,
    step.id,
    step.type,
    step.key,
    step.waitingBehind,
    step.verdict === 'runs' ? '' : WHY[step.verdict],
  ]);
  const running = steps.filter(({ verdict }) => verdict === 'runs').length;
  return [
    ...(rows.length > 0 ? table(['RUNS', 'SUBSCRIBER', 'ID', 'TYPE', 'KEY', 'BEHIND IT', ''], rows) : []),
    steps.length === 0 ? 'No dead message fits.' : summaryOf(applied, running, steps.length - running),
    ...(next === null ? [] : [`There are more: repeat it with --after ${next}`]),
  ];
}

function summaryOf(applied: boolean, running: number, refused: number): string {
  const but = refused > 0 ? `, ${refused} not` : '';
  if (applied)
    return `${running} replayed${but}. They run in this order, and what waits behind each follows it.`;
  const yes = running > 0 ? ' Add --yes to do it.' : '';
  return `${running} would run${but}. Nothing was done.${yes}`;
}
