import { describe, expect, it } from 'vitest';
import { settled } from '../../support/memory-ports.ts';
import { PODINFO } from '../../support/texts.ts';
import { AUTOMATION, AUTOMATION_SPEC, imageIn, POLICY, POLICY_SPEC, stage } from './stage.ts';

const MINUTE = 60_000;

/** A controller whose automation pushes to another branch than it reads. */
async function started(push: object = {}) {
  const made = stage();
  made.cluster.foreign.set('GitRepository apps/fleet', { annotations: {}, spec: {} });
  made.cluster.apply('ImagePolicy', POLICY, POLICY_SPEC);
  made.cluster.apply('ImageUpdateAutomation', AUTOMATION, {
    ...AUTOMATION_SPEC,
    push: { branch: 'bot', ...push },
    reconcileAfterPush: [{ kind: 'GitRepository', name: 'fleet' }],
  });
  void made.start();
  await settled();
  const ready = () => {
    const { conditions } = made.cluster.status('ImageUpdateAutomation', AUTOMATION) as {
      readonly conditions: readonly { readonly type: string; readonly message: string }[];
    };
    return conditions.find(({ type }) => type === 'Ready');
  };
  return { ...made, ready };
}

describe('an automation in a cluster that pushes to another branch', () => {
  it('tells where its commit is and what waits there, and asks nobody to take it up', async () => {
    const { branch, cluster, ready, stop } = await started();
    const pushed = branch.others.get('bot');
    expect(imageIn(branch)).toBe(`${PODINFO}:6.1.0`);
    expect(cluster.status('ImageUpdateAutomation', AUTOMATION)).toMatchObject({
      lastPush: { commit: pushed, branch: 'bot' },
      locations: { total: 1, upToDate: 0, pending: 1 },
    });
    expect(ready()).toMatchObject({
      status: 'True',
      reason: 'Succeeded',
      message: '0 of 1 location up to date, 1 waiting; on branch bot, to be merged',
    });
    expect(cluster.told()).toContain(
      `Normal Pushed apps/update: ${PODINFO} 6.1.0 -> 6.2.0 (commit ${pushed} on bot)`,
    );
    expect(cluster.annotated).toEqual([]);
    stop.abort();
  });

  it('asks to take it up where a refspec has brought it to the base as well', async () => {
    const { branch, cluster, ready, stop } = await started({ refspec: 'HEAD:refs/heads/main' });
    expect(imageIn(branch)).toBe(`${PODINFO}:6.2.0`);
    expect(cluster.annotated.map(([target]) => target)).toEqual(['GitRepository apps/fleet']);
    expect(ready()).toMatchObject({ status: 'True', message: '1 of 1 location up to date' });
    stop.abort();
  });

  it('writes nothing to Git or to the API server while that waits', async () => {
    const { branch, clock, cluster, stop } = await started();
    const [writes, pushes] = [cluster.statusWrites.length, branch.pushes.length];
    await clock.advance(60 * MINUTE);
    expect([cluster.statusWrites.length, branch.pushes.length]).toEqual([writes, pushes]);
    stop.abort();
  });

  it('says that somebody else works there', async () => {
    const { branch, clock, ready, registry, stop } = await started();
    branch.commitElsewhere('bot', { 'x.yaml': 'x' });
    registry.repositories = { [PODINFO]: ['6.2.0', '6.3.0'] };
    await clock.advance(10 * MINUTE);
    expect(ready()).toMatchObject({
      status: 'True',
      message: expect.stringMatching(
        /^0 of 1 location up to date, 1 waiting; the branch bot is left alone: commit c2 by Human/,
      ) as string,
    });
    stop.abort();
  });
});
