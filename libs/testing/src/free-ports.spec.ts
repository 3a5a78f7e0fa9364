import { once } from 'node:events';
import { createServer } from 'node:net';
import { expect, it } from '@jest/globals';
import { freePorts } from './free-ports.js';

it('gives ports that can be listened on, none twice, none that outgoing connections use', async () => {
  const ports = [...(await freePorts(5)), ...(await freePorts(5))];
  expect(new Set(ports).size).toBe(10);
  expect(Math.max(...ports)).toBeLessThan(32_768);
  const servers = ports.map((port) => createServer().listen(port, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  for (const server of servers) server.close();
});

it('passes over a port that is taken', async () => {
  const [port = 0] = await freePorts(1);
  const taken = createServer().listen(port + 1, '127.0.0.1');
  await once(taken, 'listening');
  expect(await freePorts(3)).not.toContain(port + 1);
  taken.close();
});
