export type { components, paths } from './generated/api.js';
export { taskwire, type Taskwire, type TaskwireOptions } from './taskwire.js';
