#!/usr/bin/env node
import { existsSync } from 'node:fs';
import { join } from 'node:path';

if (!existsSync(join(import.meta.dirname, '../dist/main.js'))) {
  console.error('taskwire: not built yet. Run "npm run build" in the Taskwire folder first.');
  process.exit(1);
}
await import('../dist/main.js');
