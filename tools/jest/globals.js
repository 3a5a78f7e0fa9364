// What `@jest/globals` is to a spec: Jest puts it here for each file.
export const { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } = globalThis;
