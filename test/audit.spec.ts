import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect, it } from '@jest/globals';
import { audit } from './audit.js';

const MS = 120_000;
const ADVISORY = {
  ...{ id: 1, url: 'https://github.com/advisories/GHSA-made-upad-visy', title: 'Made up', severity: 'high' },
  ...{ vulnerable_versions: '>=0', cwe: [], cvss: { score: 0, vectorString: null } },
};

/** A registry that knows a finding about fastify, and has a version of everything; or one that refuses to be asked. */
async function registry(status: number) {
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const sent = request.method === 'POST' ? gunzipSync(Buffer.concat(parts)) : undefined;
      const name = decodeURIComponent(request.url?.slice(1) ?? '');
      const found = sent?.includes('"fastify"') ? { fastify: [ADVISORY] } : {};
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(
        JSON.stringify(sent ? found : { name, versions: { '1.0.0': { name, version: '1.0.0' } } }),
      );
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, close: () => server.close() };
}

it(
  'a finding that the registry has is found, and one that refuses to answer is not taken for none',
  async () => {
    const [knowing, refusing] = [await registry(200), await registry(405)];
    const found = await audit(knowing.url);
    const refused = await audit(refusing.url);
    for (const { close } of [knowing, refusing]) close();

    const finding = { package: 'fastify', severity: 'high', title: 'Made up', id: 'GHSA-made-upad-visy' };
    expect(found).toEqual({ findings: [finding] });
    expect(refused).toEqual({ unanswered: expect.stringContaining('405') });
  },
  MS,
);

// Not every registry answers an audit, and the code is no worse by it: that nothing is known is told, and fails nothing.
it(
  'each high finding of npm audit is explained in docs/security.md',
  async () => {
    const answer = await audit();
    if ('unanswered' in answer) {
      process.stdout.write(
        `npm audit was not answered, so its findings are not known: ${answer.unanswered}\n`,
      );
      return;
    }
    const explained = await readFile(join(import.meta.dirname, '../docs/security.md'), 'utf8');

    expect(answer.findings.filter(({ id }) => !explained.includes(id))).toEqual([]);
  },
  MS,
);
