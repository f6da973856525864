import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { GitBranches } from '../../../src/adapters/git/open-branch.ts';
import type { GitAccess, GitBranch } from '../../../src/ports/ports.ts';
import {
  createRemote,
  GIT_TEST_ENV,
  scratch,
  type RemoteRepo,
  type Scratch,
} from '../../support/git/repo.ts';
import { noGitLogins } from '../../support/memory-ports.ts';
import { startSshServer, type SshServer } from '../../support/git/sshd.ts';
import { hasTool } from '../../support/git/tools.ts';
import { commitAndPush, NEVER, readAll } from './fixture.ts';

const ROUND_TRIP = ['pushed', 'rejected', 'pushed'];

let area: Scratch;
let remote: RemoteRepo;
let branch: GitBranch | undefined;

async function openBranch(access: GitAccess, env: Record<string, string> = {}): Promise<GitBranch> {
  const storeRoot = join(area.path, 'st ores');
  const branches = new GitBranches({
    storeRoot,
    engine: 'auto',
    env: { ...GIT_TEST_ENV, ...env },
    logins: noGitLogins,
  });
  branch = await branches.open(access, NEVER);
  return branch;
}

/** Reads, pushes, loses a race, and pushes again. @returns what became of each push */
async function roundTrip(opened: GitBranch): Promise<string[]> {
  const results: string[] = [];
  expect(await readAll(opened.files(await opened.head(NEVER)))).toEqual({ 'a.yaml': '1\n' });
  results.push((await commitAndPush(opened, { 'a.yaml': '2\n' })).result.kind);
  const parent = await opened.head(NEVER);
  remote.commit({ 'b.yaml': 'human\n' });
  const late = await opened.commit(
    {
      parent,
      files: [{ path: 'a.yaml', bytes: Buffer.from('3\n') }],
      message: 'm\n',
      author: { name: 'Bot', email: 'bot@example.com' },
      time: new Date(0),
    },
    NEVER,
  );
  results.push((await opened.push({ commit: late, parent }, NEVER)).kind);
  results.push((await commitAndPush(opened, { 'a.yaml': '3\n' })).result.kind);
  remote.fsck();
  return results;
}

beforeEach(() => {
  area = scratch();
  remote = createRemote(join(area.path, 'remote.git'));
  remote.commit({ 'a.yaml': '1\n' });
});
afterEach(async () => {
  await branch?.close();
  area.remove();
});

describe.skipIf(!hasTool('git'))('a local remote', () => {
  it('works by its path', async () => {
    expect(await roundTrip(await openBranch({ url: remote.path, branch: 'main' }))).toEqual(
      ROUND_TRIP,
    );
  });

  it('works by a file address', async () => {
    const opened = await openBranch({ url: `file://${remote.path}`, branch: 'main' });
    expect(opened.description).toBe(`${remote.path} (main)`);
    expect(await roundTrip(opened)).toEqual(ROUND_TRIP);
  });

  it('says when there is none', async () => {
    const opened = await openBranch({ url: join(area.path, 'none.git'), branch: 'main' });
    await expect(opened.head(NEVER)).rejects.toMatchObject({ code: 'git/not-found' });
  });

  it('keeps the store small over many rounds', async () => {
    const opened = await openBranch({ url: remote.path, branch: 'main' });
    for (let round = 0; round < 30; round++) {
      await readAll(opened.files(await opened.head(NEVER)));
      remote.commit({ 'a.yaml': `${round}\n` });
    }
    const all = await readAll(opened.files(await opened.head(NEVER)));
    expect(all).toEqual({ 'a.yaml': '29\n' });
  });
});

describe.skipIf(!hasTool('git') || !hasTool('sshd'))('a remote over SSH', () => {
  let server: SshServer;
  let keys: Scratch;
  beforeAll(async () => {
    keys = scratch();
    server = await startSshServer(join(keys.path, 'ssh'));
  });
  afterAll(async () => {
    await server.close();
    keys.remove();
  });

  it('works with the user’s own SSH set-up', async () => {
    const url = server.url(remote.path);
    const opened = await openBranch(
      { url, branch: 'main' },
      { GIT_SSH_COMMAND: server.sshCommand },
    );
    expect(opened.description).not.toContain('@');
    expect(await roundTrip(opened)).toEqual(ROUND_TRIP);
  });

  it('says that there is no such repo', async () => {
    const url = server.url(join(area.path, 'none.git'));
    const opened = await openBranch(
      { url, branch: 'main' },
      { GIT_SSH_COMMAND: server.sshCommand },
    );
    await expect(opened.head(NEVER)).rejects.toMatchObject({ code: 'git/not-found' });
  });

  it('needs the git program', async () => {
    const branches = new GitBranches({
      storeRoot: area.path,
      engine: 'auto',
      env: { PATH: '/nonexistent' },
      logins: noGitLogins,
    });
    const access = { url: server.url(remote.path), branch: 'main' };
    await expect(branches.open(access, NEVER)).rejects.toMatchObject({
      code: 'git/unsupported',
      message: expect.stringContaining('git program') as string,
    });
  });
});
