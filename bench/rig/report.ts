import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describeMachine, machine } from './machine.ts';
import { type BarPlot, barPlot } from './plot.ts';

export interface Goal {
  readonly text: string;
  /** What was measured, as text. */
  readonly measured: string;
  readonly met: boolean;
}

export interface ReportTable {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | number)[])[];
  readonly plot?: BarPlot;
}

export interface Report {
  /** Of its files, without their endings. */
  readonly name: string;
  /** What is given to `npm run bench --`. */
  readonly command: string;
  readonly title: string;
  /** Printed only. */
  readonly short: boolean;
  /** What was done, in a few sentences. */
  readonly method: string;
  readonly tables: readonly ReportTable[];
  readonly goals: readonly Goal[];
  /** The figures, unrounded. */
  readonly data: unknown;
  /** Versions of servers. */
  readonly servers: readonly string[];
}

const results = join(import.meta.dirname, '..', 'results');

/** Prints the page, and unless it is short writes it to `bench/results/`: `<name>.md`, `<name>.json`, an SVG for each plot. */
export async function writeReport(report: Report): Promise<void> {
  const { name, title, short, method, tables, goals, data, servers } = report;
  const host = machine();
  const command = `npm run bench -- ${report.command}${short ? ' --short' : ''}`;
  const sections = tables.map((table, index) => {
    const picture = table.plot && !short ? `\n![${table.plot.title}](${imageOf(name, index)})\n` : '';
    return `## ${table.title}\n\n${markdownTable(table.columns, table.rows)}\n${picture}`;
  });
  if (goals.length > 0) {
    const rows = goals.map((goal) => [goal.text, goal.measured, goal.met ? 'yes' : 'no']);
    sections.push(`## Goals\n\n${markdownTable(['goal', 'measured', 'met'], rows)}\n`);
  }
  const about = `\`${command}\`, ${describeMachine(host)}; ${servers.join(', ')}.`;
  const page = `# ${title}\n\n${about}\n\n${method}\n\n${sections.join('\n')}`;
  console.log(page);
  if (short) return;
  await mkdir(results, { recursive: true });
  await writeFile(join(results, `${name}.md`), page);
  const json = { command, machine: host, servers, goals, data };
  await writeFile(join(results, `${name}.json`), `${JSON.stringify(json, null, 2)}\n`);
  for (const [index, { plot }] of tables.entries()) {
    if (plot) await writeFile(join(results, imageOf(name, index)), barPlot(plot));
  }
}

const imageOf = (name: string, table: number): string => `${name}-${table + 1}.svg`;

function markdownTable(columns: readonly string[], rows: ReportTable['rows']): string {
  const line = (cells: readonly (string | number)[]) => `| ${cells.join(' | ')} |`;
  return [line(columns), line(columns.map(() => '---')), ...rows.map(line)].join('\n');
}
