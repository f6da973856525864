import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

/** Programs that the Git tests run against. */
export type Tool = 'git' | 'git-http-backend' | 'sshd' | 'ssh-keygen' | 'gpg' | 'openssl';

/**
 * Is a program there? When it is not, one line says which tests are skipped; with `CI=true` it
 * throws instead, so that a gate never passes by skipping.
 */
export function hasTool(tool: Tool): boolean {
  if (isPresent(tool)) return true;
  const line = `skipped: the tests that need ${tool} (not installed)`;
  if (process.env['CI'] === 'true') throw new Error(line);
  process.stderr.write(`${line}\n`);
  return false;
}

function isPresent(tool: Tool): boolean {
  switch (tool) {
    case 'git':
      return runs('git', ['--version']);
    case 'gpg':
      return runs('gpg', ['--version']);
    case 'ssh-keygen':
      return existsSync('/usr/bin/ssh-keygen');
    case 'openssl':
      return runs('openssl', ['version']);
    case 'sshd':
      return existsSync('/usr/sbin/sshd') && existsSync('/usr/bin/ssh');
    case 'git-http-backend': {
      const found = spawnSync('git', ['--exec-path'], { encoding: 'utf8' });
      return found.status === 0 && existsSync(`${found.stdout.trim()}/git-http-backend`);
    }
  }
}

function runs(program: string, args: readonly string[]): boolean {
  return spawnSync(program, args, { stdio: 'ignore' }).status === 0;
}
