import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GitBranches } from '../../../src/adapters/git/open-branch.ts';
import { skipWithoutGitea } from '../../support/forge/availability.ts';
import { startGitea, type GiteaServer } from '../../support/forge/start-gitea.ts';
import { GIT_TEST_ENV, scratch } from '../../support/git/repo.ts';
import { noGitLogins } from '../../support/memory-ports.ts';
import { commitOn, NEVER } from './fixture.ts';

/** Gitea and Forgejo make a pull request of what is pushed to `refs/for/BRANCH` with a topic (their AGit flow). */
describe.skipIf(skipWithoutGitea())('commits for review at a real Gitea', () => {
  let gitea: GiteaServer;
  const area = scratch();
  beforeAll(async () => {
    gitea = await startGitea();
  }, 180_000);
  afterAll(async () => {
    await gitea?.stop();
    area.remove();
  });

  it.each(['native', 'isomorphic'] as const)('become one pull request (%s)', async (engine) => {
    const url = await gitea.addRepo(`config-${engine}`, { 'a.yaml': '1\n' });
    const branches = new GitBranches({
      storeRoot: `${area.path}/${engine}`,
      engine,
      env: GIT_TEST_ENV,
      logins: noGitLogins,
    });
    const basic = { username: gitea.user, password: gitea.token };
    const branch = await branches.open({ url, branch: 'main', basic }, NEVER);
    const parent = await branch.head(NEVER);
    const target = { ref: 'refs/for/main' };
    const send = async (text: string, ...more: readonly string[]) => {
      const commit = await commitOn(branch, parent, { 'a.yaml': text });
      const options = ['topic=image-updates', ...more];
      await branch.push({ commit, parent, target, options }, NEVER);
      return commit;
    };
    const open = () => gitea.api('GET', `/repos/${gitea.user}/config-${engine}/pulls?state=open`);
    const first = await send('2\n');
    expect(await open()).toMatchObject([{ base: { ref: 'main' }, head: { sha: first } }]);
    const second = await send('3\n', 'force-push=true');
    expect(await open()).toMatchObject([{ base: { ref: 'main' }, head: { sha: second } }]);
    expect(await branch.head(NEVER)).toBe(parent);
    await branch.close();
  });
});
