import type { DynamicModule } from '@nestjs/common';
import type { PrismaClient } from './generated/prisma/client.js';
import { CompleteTaskHandler } from './tasks/complete-task.js';
import { CreateTaskHandler } from './tasks/create-task.js';
import { DeleteTaskHandler } from './tasks/delete-task.js';
import { EraseOwnerHandler } from './tasks/erase-owner.js';
import { GetTaskReader } from './tasks/get-task.js';
import { ListTasksReader } from './tasks/list-tasks.js';
import { ReopenTaskHandler } from './tasks/reopen-task.js';
import { TaskStatsReader } from './tasks/task-stats.js';
import { TaskStore } from './tasks/task-store.js';
import { UpdateTaskHandler } from './tasks/update-task.js';

const commands = [
  CreateTaskHandler,
  UpdateTaskHandler,
  CompleteTaskHandler,
  ReopenTaskHandler,
  DeleteTaskHandler,
];
const reads = [GetTaskReader, ListTasksReader, TaskStatsReader];

/** Everything that the task service serves. */
export class TaskModule {
  static on(db: PrismaClient): DynamicModule {
    return {
      module: TaskModule,
      controllers: [...commands, EraseOwnerHandler, ...reads],
      providers: [{ provide: TaskStore, useValue: new TaskStore(db) }],
    };
  }
}
