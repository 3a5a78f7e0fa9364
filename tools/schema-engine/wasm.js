import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import * as glue from '@prisma/schema-engine-wasm/schema_engine_bg';
import { log } from './protocol.js';

const PRINT_REQUEST_ID = 1e9;

async function instantiate() {
  const folder = dirname(createRequire(import.meta.url).resolve('@prisma/schema-engine-wasm'));
  const wasm = readFileSync(join(folder, 'schema_engine_bg.wasm'));
  const { instance } = await WebAssembly.instantiate(wasm, { './schema_engine_bg.js': glue });
  glue.__wbg_set_wasm(instance.exports);
  instance.exports.__wbindgen_start();
}

function registerPanics() {
  const registry = {
    message: '',
    set_message(message) {
      this.message = message;
    },
    get() {
      return this.message;
    },
  };
  globalThis.PRISMA_WASM_PANIC_REGISTRY = registry;
  process.on('uncaughtException', (error) => {
    log('ERROR', { message: registry.message || error.stack });
    process.exit(1);
  });
  return registry;
}

export async function openEngine(adapterFactory, datamodels) {
  await instantiate();
  const panics = registerPanics();
  let engine;

  async function call(method, params) {
    engine ??= await glue.SchemaEngine.new(
      { datamodels: datamodels.length > 0 ? datamodels : undefined },
      (message) => log('DEBUG', { message }),
      adapterFactory,
    );
    // These two only read the shadow database's cached schema, which devDiagnostic fills.
    if (method === 'evaluateDataLoss' || method === 'createMigration') {
      await engine.devDiagnostic({ migrationsList: params.migrationsList, filters: params.filters });
    }
    return (await engine[method === 'getDatabaseVersion' ? 'version' : method](params)) ?? {};
  }

  return {
    async answer(id, method, params, send) {
      try {
        const result = await call(method, params);
        if (method === 'diff' && result.stdout) {
          send({ id: PRINT_REQUEST_ID, method: 'print', params: { content: result.stdout } });
        }
        return { id, result };
      } catch (error) {
        const data = {
          is_panic: false,
          message: panics.message || error.message,
          error_code: error.code ?? null,
        };
        return { id, error: { code: 4466, message: error.message, data } };
      }
    },
  };
}
