import { beforeEach, describe, expect, it } from 'vitest';
import { releaseHolds, type ReleaseRequest } from '../../../src/app/holds/release-holds.ts';
import { locksOf } from '../../../src/app/locks/change-lock.ts';
import { parseLockTarget } from '../../../src/app/locks/lock-target.ts';
import { updateOnce } from '../../../src/app/update/update-once.ts';
import { AppError } from '../../../src/domain/errors.ts';
import { MemoryForge } from '../../support/memory-forge.ts';
import {
  FakeClock,
  MemoryBranch,
  memoryPorts,
  never,
  type Files,
} from '../../support/memory-ports.ts';
import { automationText, deploymentText, policyText, PODINFO } from '../../support/texts.ts';

const URL = 'https://git.example.com/config.git';
const TARGET = { kind: 'remote', url: URL } as const;
const NO_SETTINGS = { policies: [] };
const PROPOSES = 'pullRequest: {provider: gitea}';
const CLOSED = { closedBy: 'ana', closedAt: new Date('2026-06-01T12:00:00Z') };

let forge: MemoryForge;
beforeEach(() => {
  forge = new MemoryForge();
});

/** A repo whose automation proposes 6.2.0 in place of 6.1.0. */
function repoOf(spec: readonly string[] = [PROPOSES], files: Files = {}) {
  const branch = new MemoryBranch({
    'policy.yaml': policyText(),
    'web.yaml': deploymentText(`${PODINFO}:6.1.0`),
    'automation.yaml': automationText('update', ...spec),
    ...files,
  });
  const clock = new FakeClock(undefined, { auto: true });
  const repositories = { [PODINFO]: ['6.1.0', '6.2.0'] };
  const ports = memoryPorts({ branch, forge, clock, repositories });
  const update = async () => {
    const request = { target: TARGET, update: {}, dryRun: false, commit: false };
    const { pass, pullRequests } = await updateOnce(
      ports,
      { ...request, ...NO_SETTINGS, ignoreWindows: false },
      never,
    );
    return {
      reasons: pass.plan.decisions.map(({ reason }) => reason),
      states: pullRequests.map(({ state }) => state),
    };
  };
  const list = () => locksOf(ports, { target: TARGET, settings: NO_SETTINGS }, never);
  const release = (place: string, over: Partial<ReleaseRequest> = {}) =>
    releaseHolds(
      ports,
      {
        target: TARGET,
        settings: NO_SETTINGS,
        place: parseLockTarget(place, undefined),
        dryRun: false,
        ...over,
      },
      never,
    );
  return { branch, ports, update, list, release };
}

describe('a pull request that a person closed', () => {
  it('is listed as a hold with who, when and which, and lifted by a commit that names it', async () => {
    const { branch, update, list, release } = repoOf();
    expect(await update()).toMatchObject({ states: ['opened'] });
    const [pull] = forge.all;
    expect((await list()).holds).toEqual([]);
    forge.end(1, 'closed', CLOSED);
    expect(await update()).toMatchObject({ reasons: ['Held'], states: [] });
    const held = {
      rejected: '6.2.0',
      current: '6.1.0',
      by: 'ana',
      time: '2026-06-01T12:00:00Z',
      pullRequest: pull?.url,
      policy: 'apps/podinfo',
      path: 'web.yaml',
      resource: { kind: 'Deployment', name: 'web' },
    };
    expect(await list()).toMatchObject({ holds: [held], findings: [] });

    expect(await release('Deployment/web', { by: 'ben', dryRun: true })).not.toHaveProperty(
      'commit',
    );
    expect(await update()).toMatchObject({ reasons: ['Held'] });
    const released = await release('ImagePolicy/podinfo', { by: 'ben', reason: 'fine now' });
    expect(released.holds).toMatchObject([held]);
    expect(branch.requests.at(-1)?.message).toBe(
      `Release ImagePolicy podinfo\n\nfine now\n\nImage-Release: apps/podinfo ${pull?.url}\nRelease-By: ben\n`,
    );
    expect((await list()).holds).toEqual([]);
    expect(await update()).toMatchObject({ reasons: ['NewTag'], states: ['opened'] });

    forge.end(2, 'closed', CLOSED);
    expect(await update()).toMatchObject({ reasons: ['Held'] });
    expect((await list()).holds).toMatchObject([{ pullRequest: forge.all[1]?.url }]);
  });

  it.each<{ name: string; spec?: readonly string[]; files?: Files; want: number }>([
    { name: 'counts', want: 1 },
    {
      name: 'counts no more once a field has passed it',
      files: { 'web.yaml': deploymentText(`${PODINFO}:6.3.0`) },
      want: 0,
    },
    {
      name: 'counts under Hold, whatever a field holds',
      spec: [PROPOSES, 'onRevert: Hold'],
      files: { 'web.yaml': deploymentText(`${PODINFO}:6.3.0`) },
      want: 1,
    },
    { name: 'counts nothing under Override', spec: [PROPOSES, 'onRevert: Override'], want: 0 },
    {
      name: 'says nothing of files that are not the automation’s',
      spec: [PROPOSES, 'update: {paths: [other]}'],
      want: 0,
    },
    {
      name: 'says nothing of fields without a marker, unless those are updated',
      files: { 'web.yaml': deploymentText(`${PODINFO}:6.1.0`, { marker: '' }) },
      want: 0,
    },
    { name: 'is not looked for where none are opened', spec: [], want: 0 },
  ])('$name', async ({ spec, files, want }) => {
    await repoOf().update();
    forge.end(1, 'closed', CLOSED);
    expect((await repoOf(spec, files).list()).holds).toHaveLength(want);
  });

  it('hides no lock when its forge cannot be asked; the list and a release say so', async () => {
    const { list, release } = repoOf();
    const fail = () => {
      forge.failure = new AppError('forge/unreachable', 'git.example.com is down');
    };
    const message =
      'the closed pull requests of apps/update are not looked at: git.example.com is down';
    fail();
    expect(await list()).toMatchObject({
      holds: [],
      findings: [{ severity: 'warning', code: 'forge/unreachable', message }],
    });
    fail();
    await expect(release('Deployment/web')).rejects.toThrow(
      `Deployment web is not held; \`lockkeeper locks\` lists what is; ${message}`,
    );
  });
});
