import { Controller, Inject } from '@nestjs/common';
import { CompleteTask } from '@taskwire/contracts';
import { type CommandOf, HandleCommand, type HandlerContext } from '@taskwire/messaging';
import { changeTask } from './change-task.js';
import { TaskStore } from './task-store.js';
import { complete } from './task.js';

type Command = CommandOf<typeof CompleteTask>;

@Controller()
export class CompleteTaskHandler {
  constructor(@Inject(TaskStore) private readonly store: TaskStore) {}

  @HandleCommand(CompleteTask)
  complete(command: Command, context: HandlerContext) {
    return changeTask(this.store, command, context, complete);
  }
}
