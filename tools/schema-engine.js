#!/usr/bin/env node
// Stands in for Prisma's schema-engine binary (PRISMA_SCHEMA_ENGINE_BINARY): the same arguments and the same
// JSON-RPC over stdio, answered by the engine's WASM build, so that no binary has to be downloaded.
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { connectionFrom, createDatabase, ping, schemaAdapter } from './schema-engine/adapter.js';
import { log, send } from './schema-engine/protocol.js';
import { openEngine } from './schema-engine/wasm.js';

const args = process.argv.slice(2);
const valuesOf = (flag) => args.flatMap((arg, index) => (arg === flag ? [args[index + 1]] : []));

async function answerCommand(connection, command) {
  log('INFO', { message: 'schema engine, WASM build' });
  try {
    await (command === 'create-database' ? createDatabase(connection) : ping(connection));
    return 0;
  } catch (error) {
    const code = { '3D000': 'P1003', '28P01': 'P1000', '42P04': 'P1009' }[error.code] ?? 'P1001';
    log('ERROR', { error_code: code, message: error.message || error.code });
    return 1;
  }
}

async function serve(connection) {
  const datamodels = valuesOf('--datamodels').map((path) => [path, readFileSync(path, 'utf8')]);
  const engine = await openEngine(schemaAdapter(connection), datamodels);
  let queue = Promise.resolve();
  for await (const line of createInterface({ input: process.stdin })) {
    const { id, method, params } = JSON.parse(line);
    if (!method) continue;
    queue = queue.then(async () => send(await engine.answer(id, method, params, send)));
  }
  await queue;
}

const connection = connectionFrom(JSON.parse(valuesOf('--datasource')[0] ?? '{}').url);
if (args.includes('--version')) {
  console.log('schema-engine-cli wasm');
} else if (args.includes('cli')) {
  process.exit(await answerCommand(connection, args.at(-1)));
} else {
  await serve(connection);
  process.exit(0);
}
