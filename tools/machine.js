// Imported first by every script, and written for any Node: it ends with one line where Taskwire can't run.
import process from 'node:process';

const [major, minor] = process.versions.node.split('.').map(Number);

function problem() {
  if (major < 20 || (major === 20 && minor < 19)) {
    return `Taskwire needs Node 20.19 or newer, this is ${process.versions.node}: install one from https://nodejs.org.`;
  }
  if (process.platform === 'win32') {
    return 'Taskwire does not run on Windows itself: run it inside WSL2 (https://learn.microsoft.com/windows/wsl).';
  }
  if (process.platform !== 'linux' && process.platform !== 'darwin') {
    return `Taskwire runs on Linux and macOS, not on ${process.platform}.`;
  }
  if (process.platform === 'linux') {
    process.report.excludeNetwork = true;
    if (!process.report.getReport().header.glibcVersionRuntime) {
      return 'Taskwire needs a Linux with glibc, this one has musl: use a Debian, Ubuntu or Fedora image instead of Alpine.';
    }
  }
  return undefined;
}

const found = problem();
if (found !== undefined) {
  console.error(found);
  process.exit(1);
}
