import './machine.js';

const { onPinnedNode } = await import('./pinned-node.js');

// npm run load: the load test, with packages of its own that nobody else needs.
await onPinnedNode(async () => {
  const { join } = await import('node:path');
  const { root } = await import('./workspaces.js');
  const { install } = await import('./install.js');
  const { build } = await import('./build.js');
  await install(join(root, 'bench'));
  await build();
  await import('../bench/load/run.ts');
});
