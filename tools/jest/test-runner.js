import { createRequire } from 'node:module';
import circus from 'jest-circus/runner';
import { importSpec, readSource, sourceMaps } from './source.js';

const require = createRequire(import.meta.url);
// Who listens to a run: the last file's must not hear of the next one.
const LISTENERS = Symbol.for('EVENT_HANDLERS');

readSource();

/**
 * Runs a spec by Jest's own runner, with modules that Node loads. Jest loads every package anew for each spec, in a context
 * whose errors and arrays are none of Node's: that took more than a third of the time of all specs.
 */
export default function runSpec(globalConfig, config, environment, runtime, path, send) {
  delete globalThis[LISTENERS];
  globalThis.jest = runtime.jestGlobals.jestObjectFor(path);
  runtime.getSourceMaps().get = (url) => sourceMaps.get(url);
  Object.assign(runtime, {
    requireInternalModule: (module) => {
      delete require.cache[module];
      return require(module);
    },
    requireModule: require,
    setGlobalsForRuntime: () => {},
    unstable_shouldLoadAsEsm: () => true,
    unstable_importModule: importSpec,
  });
  return circus.default(globalConfig, config, environment, runtime, path, send);
}
