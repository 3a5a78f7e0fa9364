import { describe, expect, it } from '@jest/globals';
import { ProblemError } from '@taskwire/service';
import { Capacity } from './capacity.js';

const TASKS = ['GET', '/v1/tasks'] as const;

describe('Capacity', () => {
  it('has a place again when a request has ended', () => {
    const capacity = new Capacity(2);
    const leave = capacity.enter(...TASKS);
    capacity.enter('POST', '/v1/tasks');
    expect(() => capacity.enter(...TASKS)).toThrow(ProblemError);
    leave();

    expect(() => capacity.enter(...TASKS)).not.toThrow();
    expect(() => capacity.enter(...TASKS)).toThrow(ProblemError);
  });

  it('counts a HEAD as the GET that answers it', () => {
    const capacity = new Capacity(1);
    capacity.enter(...TASKS);

    expect(() => capacity.enter('HEAD', '/v1/tasks')).toThrow(ProblemError);
  });

  it('leaves the routes of other services their places', () => {
    const capacity = new Capacity(1);
    capacity.enter(...TASKS);

    expect(() => capacity.enter('GET', '/v1/notifications')).not.toThrow();
  });

  it('counts no stream, and nothing that is no route', () => {
    const capacity = new Capacity(1);
    for (let i = 0; i < 5; i += 1) capacity.enter('GET', '/v1/live');

    expect(() => {
      for (let i = 0; i < 5; i += 1) capacity.enter('GET', '(unmatched)');
    }).not.toThrow();
  });
});
