import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Scope } from '../rig/scope.ts';

const STATS = JSON.stringify({
  ...{ total: 0, overdue: 0, dueToday: 0, completionRate: 0 },
  byStatus: { todo: 0, in_progress: 0, done: 0 },
  byPriority: { low: 0, medium: 0, high: 0, urgent: 0 },
});

/** Answers GET /v1/tasks/stats as the task service does, each time after so many milliseconds. */
export async function startSlowService(scope: Scope, ms: number): Promise<string> {
  const server = createServer((_request, response) => {
    response.setHeader('content-type', 'application/json');
    setTimeout(() => response.end(STATS), ms);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  scope.add(async () => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
