import './machine.js';

const { onPinnedNode } = await import('./pinned-node.js');

// npm test: everything there is. Its last line counts the tests, from Jest's own report.
await onPinnedNode(async () => {
  const { test } = await import('./test/run.js');
  process.exitCode = await test();
});
