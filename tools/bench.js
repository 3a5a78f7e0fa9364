import './machine.js';

const { onPinnedNode } = await import('./pinned-node.js');

// Runs a program of bench/, which has packages of its own that nobody else needs: node tools/bench.js <file> [arguments]
await onPinnedNode(async () => {
  const { join, resolve } = await import('node:path');
  const { root } = await import('./workspaces.js');
  const { install } = await import('./install.js');
  const { build } = await import('./build.js');
  await install(join(root, 'bench'));
  await build();
  const program = resolve(process.argv[2]);
  process.argv.splice(1, 2, program);
  await import(program);
});
