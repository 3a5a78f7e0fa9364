import './machine.js';

const { onPinnedNode } = await import('./pinned-node.js');

// npm run dev [app]: builds what changes and starts it again.
await onPinnedNode(async () => {
  const { watch } = await import('./watch.js');
  await watch(process.argv[2] ?? 'platform');
});
