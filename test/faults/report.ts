import { killsIn, type Progress, type Round } from './progress.ts';

/** As Markdown: kill point x driver x outcome, the other faults, and how to repeat it. */
export function report(progress: Progress): string {
  const { driver, brokers, seed, rounds, settings, date, node, cpus, unfinished } = progress;
  const points = [...new Set(rounds.map(({ point }) => point))];
  const rows = points.map((point) => row(point, driver, of(rounds, point)));
  const bad = rounds.filter((round) => !isClean(round));
  const several = brokers > 1 ? ` --brokers ${brokers}` : '';
  return `# Faults: ${driver}${brokers > 1 ? `, ${brokers} brokers` : ''}

\`npm run faults -- --driver ${driver}${several} --kills ${progress.kills} --seed ${seed}\`, ${date}, Node ${node}, ${cpus} cores.
${killsIn(progress)} kills in ${rounds.length} rounds. A kill counts only if work was in flight and the named point was reached. Each
round kills at one point, with other faults meanwhile, and is then checked by itself: what clients were told, against
tasks, feed, statistics, profiles and webhooks.

| kill point | driver | kills | in hand | attempted | acknowledged | refused | lost | duplicated | out of order | uninvited | without an end |
|---|---|---|---|---|---|---|---|---|---|---|---|
${[...rows, row('all', driver, rounds)].join('\n')}

| other fault | times |
|---|---|
${faults(rounds)}

Reminders: ${spread(rounds.flatMap(({ remindersLateMs }) => remindersLateMs))} after their time, or after the
last kill if that came later; other faults went on meanwhile.
Processes that ended by themselves and were started again: ${rounds.flatMap(({ exits }) => exits).length}.
Shortened or set for this: ${Object.entries(settings)
    .map(([name, value]) => `\`${name}=${value}\``)
    .join(', ')}.
${bad.length === 0 ? 'Every round was clean.' : bad.map(describe).join('\n')}
${unfinished.length === 0 ? '' : `\nRun again, since they came to no end:\n\n${unfinished.map((line) => `- ${line}`).join('\n')}\n`}`;
}

/** How many there are, and how long. */
export function spread(ms: readonly number[]): string {
  const sorted = ms.toSorted((a, b) => a - b);
  const at = (share: number) => `${Math.round(sorted[Math.ceil(share * sorted.length) - 1] ?? 0)} ms`;
  return sorted.length === 0 ? 'none' : `${sorted.length}, p50 ${at(0.5)}, p95 ${at(0.95)}, at most ${at(1)}`;
}

export function isClean({ findings, refused, error }: Round): boolean {
  return findings.length === 0 && refused === 0 && error === null;
}

const of = (rounds: readonly Round[], point: string) => rounds.filter((round) => round.point === point);

function row(point: string, driver: string, rounds: readonly Round[]): string {
  const sum = (count: (round: Round) => number) => rounds.reduce((total, round) => total + count(round), 0);
  const found = (kind: string) => sum(({ findings }) => findings.filter((one) => one.kind === kind).length);
  const inHand = rounds.flatMap(({ kills }) => kills.map((kill) => kill.inHand));
  const range = inHand.length === 0 ? '-' : `${Math.min(...inHand)}-${Math.max(...inHand)}`;
  const cells = [
    ...[point, driver, inHand.length, range],
    ...[sum(({ attempted }) => attempted), sum(({ acknowledged }) => acknowledged)],
    ...[sum(({ refused }) => refused), found('lost'), found('doubled'), found('swapped')],
    ...[found('uninvited'), found('unended')],
  ];
  return `| ${cells.join(' | ')} |`;
}

function faults(rounds: readonly Round[]): string {
  const names = [...new Set(rounds.flatMap(({ faults }) => Object.keys(faults)))].sort();
  return names
    .map((name) => `| ${name} | ${rounds.reduce((sum, { faults }) => sum + (faults[name] ?? 0), 0)} |`)
    .join('\n');
}

function describe({ number, error, findings, complaints }: Round): string {
  const lines = [
    ...(error === null ? [] : [error]),
    ...findings.map(({ kind, where, detail }) => `${kind} in ${where}: ${detail}`),
    ...complaints,
  ];
  return `\nRound ${number} (\`--round ${number}\` repeats it):\n\n${lines.map((line) => `- ${line}`).join('\n')}`;
}
