import { Controller, Inject } from '@nestjs/common';
import { DeleteTask, TaskDeleted } from '@taskwire/contracts';
import { type CommandOf, HandleCommand, type HandlerContext } from '@taskwire/messaging';
import { taskToChange } from './change-task.js';
import { TaskStore } from './task-store.js';

type Command = CommandOf<typeof DeleteTask>;

@Controller()
export class DeleteTaskHandler {
  constructor(@Inject(TaskStore) private readonly store: TaskStore) {}

  @HandleCommand(DeleteTask)
  async delete(command: Command, context: HandlerContext) {
    const task = await taskToChange(this.store, command, context);
    await this.store.remove(context.tx, task);
    const reference = { taskId: task.id, ownerId: task.ownerId };
    context.publish(TaskDeleted, { ...reference, title: task.title }, command);
    return reference;
  }
}
