import { describe, expect, it } from '@jest/globals';
import { LiveQuery } from '@taskwire/contracts';
import { Tickets } from './tickets.js';
import { UsedTicketsInMemory } from './used-tickets.js';

const admission = {
  userId: '0b4c6f5e-3f0e-7c55-9d0a-4f7f5b1f3c11',
  sessionId: '6f1f6f0e-9d0c-8f7a-8f0e-1f2d3c4b5a69',
  expiresAt: new Date(Date.now() + 600_000),
};
const tickets = () => new Tickets('a secret of thirty-two characters', new UsedTicketsInMemory());

describe('Tickets', () => {
  it('admits its user once', async () => {
    const desk = tickets();
    const ticket = desk.issue(admission);

    const signed = desk.read(ticket)!;

    expect(signed).toMatchObject(admission);
    expect(await desk.use(signed)).toBe(true);
    expect(await desk.use(desk.read(ticket)!)).toBe(false);
  });

  it('admits at another gateway with the same secret', () => {
    expect(tickets().read(tickets().issue(admission))).toMatchObject(admission);
  });

  it('fits the query parameter', () => {
    expect(LiveQuery.safeParse({ ticket: tickets().issue(admission) }).success).toBe(true);
  });

  it.each([
    ['nothing', ''],
    ['words', 'let me in'],
    [
      'another secret',
      new Tickets('another secret of many characters', new UsedTicketsInMemory()).issue(admission),
    ],
    ['a changed user', flipped(tickets().issue(admission))],
    ['a token that has expired', tickets().issue({ ...admission, expiresAt: new Date(Date.now() - 1) })],
  ])('refuses %s', (_what, ticket) => {
    expect(tickets().read(ticket)).toBeUndefined();
  });
});

function flipped(ticket: string): string {
  const bytes = Buffer.from(ticket, 'base64url');
  bytes.writeUInt8(bytes.readUInt8(20) ^ 1, 20);
  return bytes.toString('base64url');
}
