/**
 * What `@jest/globals` is for specs: those of the spec file that runs now, also in a fixture that an earlier file loaded.
 */
const current = (name) =>
  new Proxy(() => {}, {
    apply: (_target, _this, args) => globalThis[name](...args),
    get: (_target, key) => globalThis[name][key],
  });

export const afterAll = current('afterAll');
export const afterEach = current('afterEach');
export const beforeAll = current('beforeAll');
export const beforeEach = current('beforeEach');
export const describe = current('describe');
export const expect = current('expect');
export const it = current('it');
export const jest = current('jest');
