export { service } from './service.js';
export { openApiDocument } from './docs/openapi.js';
