import { Controller, Inject } from '@nestjs/common';
import { UpdateTask } from '@taskwire/contracts';
import { type CommandOf, HandleCommand, type HandlerContext } from '@taskwire/messaging';
import { changeTask } from './change-task.js';
import { dateOf } from './instant.js';
import { TaskStore } from './task-store.js';
import { revise } from './task.js';

type Command = CommandOf<typeof UpdateTask>;

@Controller()
export class UpdateTaskHandler {
  constructor(@Inject(TaskStore) private readonly store: TaskStore) {}

  @HandleCommand(UpdateTask)
  update(command: Command, context: HandlerContext) {
    const { dueAt, remindAt, ...others } = command.payload.changes;
    const changes = { ...others, dueAt: dateOf(dueAt), remindAt: dateOf(remindAt) };
    return changeTask(this.store, command, context, (task, now) => revise(task, changes, now));
  }
}
