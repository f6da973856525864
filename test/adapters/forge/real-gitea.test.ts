import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openForge } from '../../../src/adapters/forge/open-forge.ts';
import type { Forge } from '../../../src/ports/forge.ts';
import { skipWithoutGitea } from '../../support/forge/availability.ts';
import { startGitea, type GiteaServer } from '../../support/forge/start-gitea.ts';

const signal = new AbortController().signal;
const BASE = 'main';

describe.skipIf(skipWithoutGitea())('pull requests at a real Gitea', () => {
  let gitea: GiteaServer;
  let forge: Forge;
  let repo: string;

  beforeAll(async () => {
    gitea = await startGitea();
    await gitea.addUser('ana');
    const repoUrl = await gitea.addRepo('config', { 'app.yaml': 'image: app:1.0.0\n' });
    repo = `/repos/${gitea.user}/config`;
    await gitea.api('PUT', `${repo}/collaborators/ana`, { permission: 'write' });
    forge = openForge({ kind: 'gitea', repoUrl, bearerToken: gitea.token });
  }, 180_000);

  afterAll(() => gitea?.stop());

  /** A branch with one commit that `main` lacks. */
  async function addBranch(branch: string): Promise<void> {
    await gitea.api('POST', `${repo}/contents`, {
      branch: BASE,
      new_branch: branch,
      message: `Change on ${branch}`,
      files: [{ operation: 'create', path: `${branch}.yaml`, content: 'YTogMQo=' }],
    });
  }

  const open = (branch: string) =>
    forge.create({ branch, base: BASE, title: `Update on ${branch}`, body: 'text' }, signal);

  const list = (state: 'open' | 'ended', branch: string) =>
    forge.list({ base: BASE, branch, state }, signal);

  it('are created, found by their branch, and given another text', async () => {
    await addBranch('first');
    await addBranch('second');
    const created = await open('first');
    await open('second');
    expect(created).toMatchObject({ branch: 'first', state: 'open', body: 'text' });
    await forge.edit(created.number, { title: 'Update again', body: 'newer' }, signal);
    const found = await list('open', 'first');
    expect(found).toEqual([{ ...created, title: 'Update again', body: 'newer' }]);
    const all = await forge.list({ base: BASE, state: 'open' }, signal);
    expect(all.map(({ branch }) => branch)).toEqual(['second', 'first']);
  });

  it('are refused where there is one already', async () => {
    await addBranch('twice');
    await open('twice');
    await expect(open('twice')).rejects.toMatchObject({ code: 'forge/rejected', retry: false });
  });

  it('are closed with a comment, and are known by their branch afterwards even when it is gone', async () => {
    await addBranch('closing');
    const { number } = await open('closing');
    await forge.close(number, 'superseded by another', signal);
    await gitea.api('DELETE', `${repo}/branches/closing`);
    expect(await list('open', 'closing')).toEqual([]);
    expect(await list('ended', 'closing')).toMatchObject([{ number, state: 'closed' }]);
    const comments = await gitea.api('GET', `${repo}/issues/${number}/comments`);
    expect(comments).toMatchObject([{ body: 'superseded by another' }]);
  });

  it('tell that they were merged', async () => {
    await addBranch('merging');
    const { number } = await open('merging');
    await gitea.api('POST', `${repo}/pulls/${number}/merge`, { Do: 'merge' }, 'ana');
    expect(await list('ended', 'merging')).toMatchObject([{ number, state: 'merged' }]);
  });

  it('are given labels, new ones too, and reviewers, as often as one likes', async () => {
    await addBranch('decorated');
    const { number } = await open('decorated');
    await gitea.api('POST', `${repo}/labels`, { name: 'known', color: '#00ff00' });
    const extras = { labels: ['known', 'new'], reviewers: ['ana'], autoMerge: false };
    expect(await forge.decorate(number, extras, signal)).toEqual([]);
    expect(await forge.decorate(number, extras, signal)).toEqual([]);
    expect(await gitea.api('GET', `${repo}/pulls/${number}`)).toMatchObject({
      labels: [{ name: 'known' }, { name: 'new' }],
      requested_reviewers: [{ login: 'ana' }],
    });
  });

  it('say what could not be had', async () => {
    await addBranch('strange');
    const { number } = await open('strange');
    const extras = { labels: [], reviewers: ['nobody-here', 'ana'], autoMerge: false };
    expect(await forge.decorate(number, extras, signal)).toEqual([
      expect.stringMatching(/^reviewer nobody-here: .*\(404/),
    ]);
    expect(await gitea.api('GET', `${repo}/pulls/${number}`)).toMatchObject({
      requested_reviewers: [{ login: 'ana' }],
    });
  });

  it('merge by themselves once the checks that the branch demands are there', async () => {
    await gitea.api('POST', `${repo}/branch_protections`, {
      rule_name: BASE,
      enable_status_check: true,
      status_check_contexts: ['ci'],
    });
    await addBranchFrom('guarded');
    const { number } = await open('guarded');
    const extras = { labels: [], reviewers: [], autoMerge: true };
    expect(await forge.decorate(number, extras, signal)).toEqual([]);
    const { head } = (await gitea.api('GET', `${repo}/pulls/${number}`)) as {
      head: { sha: string };
    };
    await gitea.api('POST', `${repo}/statuses/${head.sha}`, { context: 'ci', state: 'success' });
    await expect
      .poll(() => list('ended', 'guarded'), { timeout: 20_000 })
      .toMatchObject([{ number, state: 'merged' }]);
  });

  /** As {@link addBranch}, where `main` itself takes no commits any more. */
  async function addBranchFrom(branch: string): Promise<void> {
    await gitea.api('POST', `${repo}/branches`, { new_branch_name: branch, old_branch_name: BASE });
    await gitea.api('POST', `${repo}/contents/${branch}.yaml`, {
      branch,
      message: `Change on ${branch}`,
      content: 'YTogMQo=',
    });
  }

  it('of a login without the right are refused in one line', async () => {
    const outsider = openForge({
      kind: 'gitea',
      repoUrl: `${gitea.url}/${gitea.user}/config.git`,
      bearerToken: 'f'.repeat(40),
    });
    await expect(outsider.list({ base: BASE, state: 'open' }, signal)).rejects.toMatchObject({
      code: 'forge/unauthorized',
    });
  });
});
