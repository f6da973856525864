import { describe, expect, it } from 'vitest';
import { AppError } from '../../../src/domain/errors.ts';
import { MemoryForge } from '../../support/memory-forge.ts';
import { settled } from '../../support/memory-ports.ts';
import { PODINFO } from '../../support/texts.ts';
import { AUTOMATION, AUTOMATION_SPEC, imageIn, POLICY, POLICY_SPEC, stage } from './stage.ts';

const MINUTE = 60_000;
const BRANCH = 'lockkeeper/apps-update';
const URL = 'https://git.example.com/config/pulls/1';
const SPEC = { ...AUTOMATION_SPEC, pullRequest: { provider: 'gitea' } };

/** A started controller whose automation opens pull requests at a forge in memory. */
async function started(forge = new MemoryForge()) {
  const made = stage({ forge });
  made.cluster.apply('ImagePolicy', POLICY, POLICY_SPEC);
  made.cluster.apply('ImageUpdateAutomation', AUTOMATION, SPEC);
  void made.start();
  await settled();
  return { ...made, forge };
}

describe('a controller whose automation opens pull requests', () => {
  it('tells of one in status and by Events, and leaves the branch that is read', async () => {
    const { cluster, branch, forge } = await started();
    expect(imageIn(branch)).toBe(`${PODINFO}:6.1.0`);
    expect(branch.others.has(BRANCH)).toBe(true);
    expect(forge.all).toMatchObject([{ branch: BRANCH, base: 'main', state: 'open' }]);
    expect(cluster.status('ImageUpdateAutomation', AUTOMATION)).toMatchObject({
      lastPush: { branch: BRANCH, pullRequest: URL },
      locations: { total: 1, pending: 1 },
      conditions: [
        {
          reason: 'Succeeded',
          message: `0 of 1 location up to date, 1 waiting; 1 pull request open: ${URL}`,
        },
      ],
    });
    expect(cluster.told()).toContain(
      `Normal PullRequestOpened apps/update: opened ${URL} Update podinfo to 6.2.0`,
    );
  });

  it('costs one list at the forge and no write anywhere while nothing changes', async () => {
    const { clock, cluster, forge } = await started();
    const writes = cluster.statusWrites.length;
    forge.calls.length = 0;
    await clock.advance(5 * MINUTE);
    expect(forge.calls).toEqual(['list']);
    expect(cluster.statusWrites.length).toBe(writes);
  });

  it('tells of the commit when the forge fails after it, and tries again', async () => {
    const forge = new MemoryForge();
    const create = forge.create.bind(forge);
    forge.create = async () => {
      throw new AppError('forge/unreachable', 'the forge cannot be reached', { retry: true });
    };
    const { clock, cluster, branch } = await started(forge);
    const push = { branch: BRANCH, commit: branch.others.get(BRANCH) };
    expect(cluster.status('ImageUpdateAutomation', AUTOMATION)).toMatchObject({ lastPush: push });
    expect(cluster.conditions('ImageUpdateAutomation', AUTOMATION)).toEqual([
      'Ready=False PullRequestFailed',
      'Reconciling=True Progressing',
    ]);
    forge.create = create;
    await clock.advance(MINUTE);
    expect(cluster.status('ImageUpdateAutomation', AUTOMATION)).toMatchObject({
      lastPush: { ...push, pullRequest: URL },
    });
    expect(cluster.conditions('ImageUpdateAutomation', AUTOMATION)).toEqual([
      'Ready=True Succeeded',
    ]);
    expect(forge.all).toHaveLength(1);
  });

  it('shows what a person refused among the holds', async () => {
    const { clock, cluster, forge } = await started();
    forge.end(1, 'closed');
    await clock.advance(5 * MINUTE);
    expect(cluster.status('ImageUpdateAutomation', AUTOMATION)).toMatchObject({
      holds: [{ location: 'web.yaml:11', tag: '6.2.0', pullRequest: URL }],
      locations: { held: 1 },
    });
    expect(forge.all).toHaveLength(1);
  });
});
