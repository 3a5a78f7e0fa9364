import type { DoctorReport } from '@taskwire/contracts';
import type { Bus, Finding } from '@taskwire/messaging';
import type { Outbox } from '@taskwire/outbox';

/** Looks at what may have gone wrong since the start. */
export class Doctor {
  constructor(
    private readonly bus: Pick<Bus, 'check'>,
    private readonly outbox: Pick<Outbox, 'check'>,
    private readonly ofSettings: readonly Finding[] = [],
  ) {}

  async report(): Promise<DoctorReport> {
    const findings = await Promise.all([
      findingsOf('bus', () => this.bus.check()),
      findingsOf('database', () => this.outbox.check()),
    ]);
    return { findings: [...this.ofSettings, ...findings.flat()] };
  }
}

async function findingsOf(
  part: string,
  check: () => Promise<readonly Finding[]>,
): Promise<readonly Finding[]> {
  try {
    return await check();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return [
      {
        level: 'refused',
        what: `the ${part} does not answer: ${reason}`,
        why: 'writes are refused, and nothing is handled',
        change: 'see /health/ready of this service for what to do',
      },
    ];
  }
}
