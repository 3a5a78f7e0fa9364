import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe } from '@jest/globals';
import { freeNodePort } from '@taskwire/testing';

const SCRIPT = join(import.meta.dirname, '../../../../../deploy/rabbitmq/local.sh');
const run = promisify(execFile);

/** With `CI=true` a missing server is an error; elsewhere these specs are skipped, by name. */
export const describeNode: (name: string, specs: () => void) => void = isInstalled()
  ? describe
  : describe.skip;

function isInstalled(): boolean {
  try {
    execFileSync('sh', ['-c', 'test -x /usr/lib/rabbitmq/bin/rabbitmq-server || command -v rabbitmq-server']);
    return true;
  } catch {
    if (process.env.CI === 'true') throw new Error('no rabbitmq-server for the specs of outages: install it');
    process.stdout.write('no rabbitmq-server installed: the specs of outages are skipped\n');
    return false;
  }
}

/** A RabbitMQ node of its own, which a spec may end and start. */
export class RabbitmqNode {
  private constructor(
    readonly url: string,
    private readonly env: NodeJS.ProcessEnv,
  ) {}

  static async start(): Promise<RabbitmqNode> {
    const folder = mkdtempSync(join(tmpdir(), 'taskwire-rabbitmq-'));
    const port = await freeNodePort();
    const env = { ...process.env, RABBITMQ_LOCAL_FOLDER: folder, RABBITMQ_LOCAL_PORT: String(port) };
    const { stdout } = await run(SCRIPT, ['start'], { env });
    return new RabbitmqNode(stdout.trim(), env);
  }

  async run(command: 'start' | 'stop' | 'kill' | 'wipe'): Promise<void> {
    await run(SCRIPT, [command], { env: this.env });
  }

  async ctl(...command: string[]): Promise<string> {
    return (await run(SCRIPT, ['ctl', ...command], { env: this.env })).stdout;
  }

  /** Takes a quorum queue's leader away, as a crash of 3.10.8 does: it stays a follower until `elect`. */
  async depose(queue: string): Promise<void> {
    const found = `{ok, Q} = rabbit_amqqueue:lookup(rabbit_misc:r(<<"/">>, queue, <<"${queue}">>))`;
    const change = 'sys:replace_state(amqqueue:get_pid(Q), fun({leader, State}) -> {follower, State} end)';
    await this.ctl('eval', `${found}, ${change}, ok.`);
  }

  /** What an operator does by hand, and `local.sh start` by itself. */
  async elect(): Promise<void> {
    const followers =
      'Q <- rabbit_amqqueue:list(), is_tuple(amqqueue:get_pid(Q)), element(1, sys:get_state(amqqueue:get_pid(Q))) =:= follower';
    await this.ctl('eval', `[ra:trigger_election(amqqueue:get_pid(Q)) || ${followers}].`);
  }

  wipe(): Promise<void> {
    return this.run('wipe');
  }
}
