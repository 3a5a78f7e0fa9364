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
  /** File name without its ending. */
  readonly name: string;
  readonly title: string;
  readonly command: string;
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

/** Writes `<name>.json`, `<name>.md` and an SVG for each plot to `bench/results/`, and prints the page. */
export async function writeReport(report: Report): Promise<void> {
  const { name, title, command, method, tables, goals, data, servers } = report;
  const host = machine();
  const sections: string[] = [];
  await mkdir(results, { recursive: true });
  for (const [index, table] of tables.entries()) {
    const image = `${name}-${index + 1}.svg`;
    if (table.plot) await writeFile(join(results, image), barPlot(table.plot));
    const picture = table.plot ? `\n![${table.plot.title}](${image})\n` : '';
    sections.push(`## ${table.title}\n\n${markdownTable(table.columns, table.rows)}\n${picture}`);
  }
  if (goals.length > 0) {
    const rows = goals.map((goal) => [goal.text, goal.measured, goal.met ? 'yes' : 'no']);
    sections.push(`## Goals\n\n${markdownTable(['goal', 'measured', 'met'], rows)}\n`);
  }
  const about = `\`${command}\`, ${describeMachine(host)}; ${servers.join(', ')}.`;
  const page = `# ${title}\n\n${about}\n\n${method}\n\n${sections.join('\n')}`;
  const json = { command, machine: host, servers, goals, data };
  await writeFile(join(results, `${name}.md`), page);
  await writeFile(join(results, `${name}.json`), `${JSON.stringify(json, null, 2)}\n`);
  console.log(page);
}

function markdownTable(columns: readonly string[], rows: ReportTable['rows']): string {
  const line = (cells: readonly (string | number)[]) => `| ${cells.join(' | ')} |`;
  return [line(columns), line(columns.map(() => '---')), ...rows.map(line)].join('\n');
}
