import './machine.js';

const { onPinnedNode } = await import('./pinned-node.js');

// npm start: everything in one process. npm run start:<app>: one app alone, configured by its environment.
await onPinnedNode(async () => {
  const { build } = await import('./build.js');
  await build();
  const app = process.argv[2] ?? 'platform';
  await import(`../apps/${app}/dist/main.js`);
});
