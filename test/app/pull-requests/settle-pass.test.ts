import { describe, expect, it } from 'vitest';
import { viewsOver } from '../../../src/app/scan/recorded-memories.ts';
import { BranchSessions } from '../../../src/app/update/branch-sessions.ts';
import type { PassRequest } from '../../../src/app/update/pass-request.ts';
import { AppError } from '../../../src/domain/errors.ts';
import { NO_RESOURCES } from '../../../src/domain/resources/merge-resources.ts';
import { MemoryForge } from '../../support/memory-forge.ts';
import { FakeClock, MemoryBranch, memoryPorts, never } from '../../support/memory-ports.ts';
import { automationText, deploymentText, policyText, PODINFO } from '../../support/texts.ts';

const ACCESS = { url: 'https://git.example.com/config.git', branch: 'main' };
const BRANCH = 'lockkeeper/apps-update';
const AUTOMATION = automationText('update', 'pullRequest: { provider: gitea }');
const web = (tag: string) => deploymentText(`${PODINFO}:${tag}`);

/** A repo with an open pull request for 6.2.0, whose base somebody has brought there by hand since. */
async function overtaken() {
  const branch = new MemoryBranch({
    'automation.yaml': AUTOMATION,
    'policy.yaml': policyText(),
    'web.yaml': web('6.1.0'),
  });
  const forge = new MemoryForge();
  const clock = new FakeClock(undefined, { auto: true });
  const repositories = { [PODINFO]: ['6.1.0', '6.2.0'] };
  const ports = memoryPorts({ branch, forge, clock, repositories });
  const pass = async (over: Partial<PassRequest> = {}) => {
    const sessions = new BranchSessions(ports, viewsOver(ports));
    const request = {
      resources: NO_RESOURCES,
      chooseAutomation: ({ automations }: typeof NO_RESOURCES) => automations.values().next().value,
      ...over,
    };
    return sessions.update(ACCESS, request, { dryRun: false, signal: never });
  };
  await pass();
  branch.commitByOther({ 'web.yaml': web('6.2.0') });
  const states = () => forge.all.map(({ state }) => state);
  return { branch, forge, ports, pass, states };
}

describe('a pull request that was overtaken on the base', () => {
  it('is closed, and its branch deleted', async () => {
    const { branch, pass, states } = await overtaken();
    expect(await pass()).toMatchObject({ pullRequests: [{ state: 'closed' }], branches: [] });
    expect(states()).toEqual(['closed']);
    expect(branch.others.has(BRANCH)).toBe(false);
  });

  it('stays while a registry does not answer', async () => {
    const { ports, pass, states } = await overtaken();
    const down = new AppError('registry/unreachable', 'no answer', { retry: true });
    ports.registry.repositories = { [PODINFO]: down };
    await pass();
    expect(states()).toEqual(['open']);
  });

  it('stays while a file cannot be read that may hold more of it', async () => {
    const { branch, pass, states } = await overtaken();
    branch.commitByOther({ 'other.yaml': '{ # {"$imagepolicy": "apps:podinfo"}' });
    await pass();
    expect(states()).toEqual(['open']);
  });

  it.each([
    { name: 'some paths', update: { paths: ['elsewhere'] } },
    { name: 'another strategy', update: { strategy: 'Images' as const } },
  ])('stays in a pass over $name alone', async ({ update }) => {
    const { pass, states } = await overtaken();
    await pass({ update });
    expect(states()).toEqual(['open']);
  });

  it('is closed all the same where its branch may not be deleted, and that is told', async () => {
    const { branch, pass, states } = await overtaken();
    branch.deleteBranch = async () => {
      throw new AppError('git/rejected', 'the branch is protected');
    };
    const { pass: done } = await pass();
    expect(states()).toEqual(['closed']);
    expect(done.findings).toMatchObject([
      {
        severity: 'warning',
        code: 'branch/stale',
        message: `branch ${BRANCH}, which is done with, is not deleted: the branch is protected`,
      },
    ]);
  });

  it('is left for the next pass where the forge fails', async () => {
    const { forge, pass, states } = await overtaken();
    const close = forge.close.bind(forge);
    forge.close = async () => {
      throw new AppError('forge/unreachable', 'no answer', { retry: true });
    };
    expect(await pass()).toMatchObject({ failure: { code: 'forge/unreachable' } });
    forge.close = close;
    expect(await pass()).not.toHaveProperty('failure');
    expect(states()).toEqual(['closed']);
  });
});
