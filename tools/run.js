import './machine.js';

const { onPinnedNode } = await import('./pinned-node.js');

// Runs a TypeScript program of this repository: node tools/run.js <file> [arguments]
await onPinnedNode(async () => {
  const { build } = await import('./build.js');
  await build();
  const { resolve } = await import('node:path');
  const program = resolve(process.argv[2]);
  process.argv.splice(1, 2, program);
  await import(program);
});
