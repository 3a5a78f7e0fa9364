import type { Scene } from './scene.js';

/** Cases by their names, which excuses refer to. */
export type Cases = Readonly<Record<string, (scene: Scene) => Promise<void>>>;
