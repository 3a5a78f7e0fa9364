export { asyncApiDocument } from './document.js';
export { HEADER_SPELLING } from './headers.js';
export type {
  AsyncApiChannel,
  AsyncApiDocument,
  AsyncApiMessage,
  AsyncApiOperation,
} from './asyncapi.types.js';
