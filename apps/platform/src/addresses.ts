import { addressOf } from '@taskwire/service/settings';
import type { Settings } from './settings.js';

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
