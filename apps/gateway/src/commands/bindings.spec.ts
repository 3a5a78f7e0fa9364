import { describe, expect, it } from '@jest/globals';
import { type ProblemCode, routes } from '@taskwire/contracts';
import { routeKey } from './binding.js';
import { bindings } from './bindings.js';

describe('bindings', () => {
  it('has one for each route that is a command, and for no other', () => {
    const commands = routes.filter(({ kind }) => kind === 'command').map(routeKey);

    expect(bindings.map(({ route }) => routeKey(route)).sort()).toEqual(commands.sort());
  });

  it('sends each command to the service that answers the route', () => {
    for (const { route, contract } of bindings) expect(contract.topic).toBe(`${route.service}.commands.v1`);
  });

  it('documents each rejection of a command as a problem of its route', () => {
    const undocumented = bindings.flatMap(({ route, contract }) =>
      contract.rejections
        .filter((code) => !(route.problems ?? []).includes(code as ProblemCode))
        .map((code) => `${routeKey(route)}: ${code}`),
    );

    expect(undocumented).toEqual([]);
  });
});
