import { spawnSync } from 'node:child_process';
import { chmodSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { GitBranches } from '../../../src/adapters/git/open-branch.ts';
import type { SshLogin } from '../../../src/domain/access.ts';
import type { GitBranch } from '../../../src/ports/ports.ts';
import {
  createRemote,
  GIT_TEST_ENV,
  scratch,
  type RemoteRepo,
  type Scratch,
} from '../../support/git/repo.ts';
import { noGitLogins } from '../../support/memory-ports.ts';
import { startSshServer, type SshServer, type UserKey } from '../../support/git/sshd.ts';
import { hasTool } from '../../support/git/tools.ts';
import { commitAndPush, NEVER } from './fixture.ts';

const PASSPHRASE = 'planted "pass$phrase` \\ of a key';

describe.skipIf(!hasTool('git') || !hasTool('sshd'))('a login over SSH', () => {
  let area: Scratch;
  let server: SshServer;
  let remote: RemoteRepo;
  let branch: GitBranch | undefined;
  beforeAll(async () => {
    area = scratch();
    server = await startSshServer(join(area.path, 'ssh'));
    remote = createRemote(join(area.path, 'remote.git'));
    remote.commit({ 'a.yaml': '1\n' });
  });
  afterAll(async () => {
    await server.close();
    area.remove();
  });
  afterEach(() => branch?.close());

  async function open(ssh: Partial<SshLogin>, env: Record<string, string> = {}) {
    const branches = new GitBranches({
      storeRoot: join(area.path, 'st ores'),
      engine: 'auto',
      env: { ...GIT_TEST_ENV, ...env },
      logins: noGitLogins,
    });
    const { identity, knownHosts } = server;
    const access = { url: server.url(remote.path), branch: 'main' };
    branch = await branches.open({ ...access, ssh: { identity, knownHosts, ...ssh } }, NEVER);
    return branch;
  }

  let count = 0;
  async function pushes(ssh: Partial<SshLogin>): Promise<string> {
    const opened = await open(ssh);
    count += 1;
    return (await commitAndPush(opened, { 'a.yaml': `push ${count}\n` })).result.kind;
  }

  async function refusal(ssh: Partial<SshLogin>, env: Record<string, string> = {}) {
    const opened = await open(ssh, env);
    const error = await opened.head(NEVER).then(
      () => undefined,
      (reason: unknown) => reason as Error & { code: string; retry: boolean },
    );
    if (error === undefined) throw new Error('it was let in');
    expect(error.message).not.toMatch(/\n|planted/);
    return error;
  }

  const headBy = async (ssh: Partial<SshLogin>) => (await open(ssh)).head(NEVER);

  it.each(['ed25519', 'ecdsa', 'rsa'] as const)('writes with a deploy key: %s', async (type) => {
    const identity = server.addKey({ name: type, type });
    await expect(pushes({ identity })).resolves.toBe('pushed');
  });

  it.each<UserKey>([
    { name: 'rsa-pem', type: 'rsa', isPem: true },
    { name: 'locked-ed25519', passphrase: PASSPHRASE },
    { name: 'locked-ecdsa-pem', type: 'ecdsa', isPem: true, passphrase: PASSPHRASE },
  ])('reads with a key in whatever form: $name', async (key) => {
    const { passphrase } = key;
    const ssh = { identity: server.addKey(key), ...(passphrase && { passphrase }) };
    expect(await headBy(ssh)).toBe(remote.head());
  });

  it.each([
    ['without its last line end', (text: string) => text.trimEnd()],
    ['with line ends of Windows', (text: string) => text.replaceAll('\n', '\r\n')],
  ])('takes a key that came %s', async (_, damage) => {
    const knownHosts = damage(server.knownHosts);
    const head = await headBy({ identity: damage(server.identity), knownHosts });
    expect(head).toBe(remote.head());
  });

  it('needs no passphrase for a key that is not locked, and minds none', async () => {
    expect(await headBy({ passphrase: 'of no use' })).toBe(remote.head());
  });

  it('uses neither the keys nor the hosts of this process’s user', async () => {
    const env = { GIT_SSH_COMMAND: server.sshCommand };
    const identity = server.strangeKey('own-setup');
    expect((await refusal({ identity }, env)).code).toBe('git/unauthorized');
    expect((await refusal({ knownHosts: '' }, env)).message).toMatch(/is not known/);
  });

  it('tells each reason for a refusal from the others', async () => {
    const locked = server.addKey({ name: 'locked', passphrase: PASSPHRASE });
    const lockedPem = server.addKey({ name: 'pem', type: 'rsa', isPem: true, passphrase: 'abcde' });
    const wrong = { passphrase: 'planted-wrong' };
    const where = `${server.url(remote.path).replace(/\/\/.*@/, '//')}`;
    const cases: readonly (readonly [Partial<SshLogin>, string, string | RegExp])[] = [
      [
        { identity: server.strangeKey('stranger') },
        'git/unauthorized',
        /refused the login; check the credentials \(\S+: Permission denied \(publickey\)\.\)$/,
      ],
      [
        { identity: locked, ...wrong },
        'secret/invalid',
        `the SSH identity for ${where} is not opened by its passphrase; mend password in its Secret`,
      ],
      [
        { identity: lockedPem, ...wrong },
        'secret/invalid',
        `the SSH identity for ${where} is not opened by its passphrase; mend password in its Secret`,
      ],
      [
        { identity: locked },
        'secret/invalid',
        `the SSH identity for ${where} is locked; give its passphrase as password in its Secret`,
      ],
      [
        { identity: readFileSync(join(area.path, 'ssh/user.pub'), 'utf8') },
        'secret/invalid',
        `the SSH identity for ${where} is not a private key that OpenSSH can read`,
      ],
      [
        { knownHosts: '' },
        'git/unauthorized',
        `the SSH host key of ${where} is not known; add it to known_hosts`,
      ],
      [
        { knownHosts: server.wrongKnownHosts },
        'git/unauthorized',
        `the SSH host key of ${where} is not the one in known_hosts; make sure that it is the right server, and renew known_hosts`,
      ],
    ];
    for (const [ssh, code, message] of cases) {
      const error = await refusal(ssh);
      expect([error.code, error.retry]).toEqual([code, false]);
      expect(error.message).toMatch(message);
    }
  });

  it('knows nothing better where there is no ssh-keygen', async () => {
    const bin = join(area.path, 'bin');
    spawnSync('mkdir', [bin]);
    for (const tool of ['git', 'ssh', 'sh']) {
      const { stdout } = spawnSync('which', [tool], { encoding: 'utf8' });
      spawnSync('ln', ['-s', stdout.trim(), join(bin, tool)]);
    }
    const identity = server.addKey({ name: 'locked-again', passphrase: PASSPHRASE });
    const error = await refusal({ identity }, { PATH: bin });
    expect(error.code).toBe('git/unauthorized');
  });

  it('hands a passphrase to ssh alone, by no argument and on no disk', async () => {
    const spy = join(area.path, 'spy');
    // What the server runs, while the client's processes are alive.
    writeFileSync(
      spy,
      `#!/bin/sh\nps -eo args >> '${spy}.seen'\nexec sh -c "$SSH_ORIGINAL_COMMAND"\n`,
    );
    chmodSync(spy, 0o755);
    const identity = server.addKey({ name: 'spied', passphrase: PASSPHRASE, command: spy });
    await expect(pushes({ identity, passphrase: PASSPHRASE })).resolves.toBe('pushed');
    const seen = readFileSync(`${spy}.seen`, 'utf8');
    expect(seen).toMatch(/ssh .*IdentitiesOnly/);
    expect(seen).not.toContain('pass$phrase');
    const files = readdirSync(area.path, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1'));
    expect(files.filter((text) => text.includes('pass$phrase'))).toEqual([]);
  });
});
