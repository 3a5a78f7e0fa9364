import { CommandEnding } from '@taskwire/contracts';
import { ProblemError, type ServiceClients } from '@taskwire/service';
import type { OperationKey } from './operation-id.js';

const READ_TIMEOUT_MS = 5_000;

/** Endings of commands as the services' inboxes know them. */
export class CommandEndings {
  constructor(private readonly services: ServiceClients) {}

  /** Past the deadline this ends the command as `expired`. */
  read(key: OperationKey): Promise<CommandEnding> {
    return this.ask('GET', key);
  }

  /** Ends the command as `cancelled`, unless it ended otherwise before, or is about to. */
  async cancel(key: OperationKey): Promise<CommandEnding> {
    const ending = await this.ask('DELETE', key);
    if (ending.status === 'pending') {
      const headers = { 'retry-after': '1' };
      throw new ProblemError('service_unavailable', 'the command is about to end: ask again', { headers });
    }
    if (ending.status !== 'cancelled') throw new ProblemError('already_ended', `it is ${ending.status}`);
    return ending;
  }

  private async ask(method: 'GET' | 'DELETE', key: OperationKey): Promise<CommandEnding> {
    const { subscriber, owner } = key;
    const { body } = await this.services.get(key.service).request({
      method,
      path: `/internal/operations/${key.commandId}`,
      query: {
        subscriber,
        owner,
        firstSentAt: key.firstSentAt.toISOString(),
        deadline: key.deadline.toISOString(),
      },
      internal: true,
      deadlineMs: READ_TIMEOUT_MS,
    });
    return CommandEnding.parse(body);
  }
}
