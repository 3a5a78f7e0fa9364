/** One group of bars, a bar for each series; NaN leaves a bar out. */
export interface BarGroup {
  readonly label: string;
  readonly values: readonly number[];
}

export interface BarPlot {
  readonly title: string;
  /** What the values are, with their unit. */
  readonly unit: string;
  readonly series: readonly string[];
  readonly groups: readonly BarGroup[];
}

const WIDTH = 760;
const LEFT = 190;
const RIGHT = 70;
const BAR = 14;
const GAP = 12;
const TOP = 62;
/** Apart also for those who don't see colours as most do (Okabe and Ito), and readable on light and on dark. */
const COLOURS = ['#0072b2', '#e69f00', '#009e73', '#cc79a7'];
const TEXT = '#7a7f87';

/** Bars from left to right, their lengths in proportion, as an SVG of a few kB. */
export function barPlot({ title, unit, series, groups }: BarPlot): string {
  const largest = Math.max(...groups.flatMap(({ values }) => values.filter(Number.isFinite)));
  const scale = (WIDTH - LEFT - RIGHT) / largest;
  const parts: string[] = [];
  let y = TOP;
  for (const { label, values } of groups) {
    const bars = values
      .map((value, index) => ({ value, index }))
      .filter(({ value }) => Number.isFinite(value));
    parts.push(text(LEFT - 8, y + (bars.length * BAR) / 2 + 4, label, 'end'));
    for (const { value, index } of bars) {
      const width = Math.max(1, value * scale).toFixed(1);
      parts.push(
        `<rect x="${LEFT}" y="${y}" width="${width}" height="${BAR - 2}" fill="${COLOURS[index] ?? TEXT}"/>`,
      );
      parts.push(text(LEFT + Number(width) + 5, y + BAR - 4, shortNumber(value), 'start'));
      y += BAR;
    }
    y += GAP;
  }
  const legend = series.map((name, index) => {
    const x = LEFT + index * 180;
    return `<rect x="${x}" y="34" width="10" height="10" fill="${COLOURS[index] ?? TEXT}"/>${text(x + 15, 43, name, 'start')}`;
  });
  const heading = text(8, 20, `${title} (${unit})`, 'start', 'font-weight="bold"');
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y}" font-family="sans-serif" font-size="12" fill="${TEXT}">
<title>${escaped(title)}</title>
${[heading, ...legend, ...parts].join('\n')}
</svg>
`;
}

function text(x: number, y: number, content: string, anchor: 'start' | 'end', more = ''): string {
  return `<text x="${x.toFixed(0)}" y="${y.toFixed(0)}" text-anchor="${anchor}" ${more}>${escaped(content)}</text>`;
}

function escaped(content: string): string {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}

/** 1,234 or 1.23. */
export function shortNumber(value: number): string {
  if (!Number.isFinite(value)) return '–';
  if (value >= 100) return Math.round(value).toLocaleString('en-US');
  return value.toFixed(value >= 10 ? 1 : 2);
}
