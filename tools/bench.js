import './machine.js';

const { onPinnedNode } = await import('./pinned-node.js');

// npm run bench -- <part> [--short]: benchmarks, each beside the peers that it is measured against.
await onPinnedNode(async () => {
  const { join } = await import('node:path');
  const { root } = await import('./workspaces.js');
  const { install } = await import('./install.js');
  const { build } = await import('./build.js');
  await install(join(root, 'bench'));
  await build();
  await import('../bench/rig/run.ts');
});
