import { Controller, Inject } from '@nestjs/common';
import { CreateTask } from '@taskwire/contracts';
import { type CommandOf, HandleCommandBatch, type HandlerContext, Rejection } from '@taskwire/messaging';
import { dateOf } from './instant.js';
import { publishCreation } from './task-events.js';
import { TaskStore } from './task-store.js';
import { newTask, taskReply } from './task.js';

type Command = CommandOf<typeof CreateTask>;

@Controller()
export class CreateTaskHandler {
  constructor(@Inject(TaskStore) private readonly store: TaskStore) {}

  @HandleCommandBatch(CreateTask)
  async createMany(commands: readonly Command[], { tx, publish }: HandlerContext) {
    const now = new Date();
    const allowed = commands.filter(({ actor, payload }) => actor === payload.ownerId);
    const added = await this.store.add(
      tx,
      allowed.map((command) => taskFrom(command, now)),
    );

    return commands.map((command) => {
      if (command.actor !== command.payload.ownerId) return new Rejection('forbidden');
      if (!added.delete(command.payload.taskId)) return new Rejection('already_exists');
      const task = taskFrom(command, now);
      publishCreation(publish, task, command);
      return taskReply(task);
    });
  }
}

function taskFrom({ payload }: Command, now: Date) {
  const { taskId, ownerId, dueAt, remindAt, ...fields } = payload;
  const times = { dueAt: dateOf(dueAt), remindAt: dateOf(remindAt) };
  return newTask(taskId, ownerId, { ...fields, ...times }, now);
}
