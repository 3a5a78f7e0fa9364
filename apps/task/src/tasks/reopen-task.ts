import { Controller, Inject } from '@nestjs/common';
import { ReopenTask } from '@taskwire/contracts';
import { type CommandOf, HandleCommand, type HandlerContext } from '@taskwire/messaging';
import { changeTask } from './change-task.js';
import { TaskStore } from './task-store.js';
import { reopen } from './task.js';

type Command = CommandOf<typeof ReopenTask>;

@Controller()
export class ReopenTaskHandler {
  constructor(@Inject(TaskStore) private readonly store: TaskStore) {}

  @HandleCommand(ReopenTask)
  reopen(command: Command, context: HandlerContext) {
    return changeTask(this.store, command, context, reopen);
  }
}
