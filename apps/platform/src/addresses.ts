import type { Name, Settings } from './settings.js';

const everyAddress = new Set(['0.0.0.0', '::']);

/** Where one service reaches another, and a user on this machine reaches any: never "every address". */
export function addressOf(name: Name, { host, ports }: Settings): string {
  const reachable = everyAddress.has(host) ? '127.0.0.1' : host;
  return `http://${reachable.includes(':') ? `[${reachable}]` : reachable}:${ports[name]}`;
}

/** What a user wants to know once everything runs. */
export function addressTable(settings: Settings, more: [string, string][]): string {
  const rows: [string, string][] = [
    ['API', `${addressOf('gateway', settings)}/v1`],
    ['API reference', `${addressOf('gateway', settings)}/docs`],
    ['Mailbox', `${addressOf('notification', settings)}/mailbox`],
    ['Health', `${addressOf('gateway', settings)}/health/ready`],
    ['Data', settings.dataFolder],
    ...more,
  ];
  const width = Math.max(...rows.map(([title]) => title.length));
  return rows.map(([title, value]) => `  ${title.padEnd(width)}  ${value}`).join('\n');
}
