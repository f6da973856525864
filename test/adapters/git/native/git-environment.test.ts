import { describe, expect, it } from 'vitest';
import {
  localEnvironment,
  remoteEnvironment,
} from '../../../../src/adapters/git/native/git-environment.ts';
import { parseRemote } from '../../../../src/adapters/git/remote.ts';

describe('the environment of git', () => {
  it('holds no login of our own variables', () => {
    const env = localEnvironment({
      PATH: '/usr/bin',
      LOCKKEEPER_GIT_PASSWORD: 'hunter2',
      LOCKKEEPER_SECRET_X_PASSWORD: 'hunter2',
    });
    expect(env['PATH']).toBe('/usr/bin');
    expect(JSON.stringify(env)).not.toContain('hunter2');
  });

  it('trusts the SSH hosts that were given, and no others', () => {
    const remote = parseRemote({ url: 'ssh://git@git.example.com/a.git', branch: 'main' });
    const files = { identity: '/s/identity', knownHosts: '/s/known_hosts' };
    const command = remoteEnvironment({}, remote, files)['GIT_SSH_COMMAND'];
    expect(command).toContain('UserKnownHostsFile="/s/known_hosts"');
    expect(command).toContain('GlobalKnownHostsFile=/dev/null');
    expect(command).toContain('StrictHostKeyChecking=yes');
  });
});
