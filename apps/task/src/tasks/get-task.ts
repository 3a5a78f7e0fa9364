import { Controller, Inject, Res } from '@nestjs/common';
import { taskRoutes } from '@taskwire/contracts';
import { Caller, Params, ProblemError, Route } from '@taskwire/service';
import { TaskStore } from './task-store.js';
import { taskView } from './task.js';

interface Reply {
  header(name: string, value: string): unknown;
}

@Controller()
export class GetTaskReader {
  constructor(@Inject(TaskStore) private readonly store: TaskStore) {}

  @Route(taskRoutes.get)
  async get(
    @Params() { id }: { id: string },
    @Caller() caller: Caller,
    @Res({ passthrough: true }) reply: Reply,
  ) {
    const task = await this.store.find(caller.userId, id);
    if (task === null) throw new ProblemError('not_found', `there is no task ${id} of yours`);
    reply.header('etag', `"${task.version}"`);
    return taskView(task);
  }
}
