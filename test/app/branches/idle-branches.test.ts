import { describe, expect, it, vi } from 'vitest';
import { IdleBranches } from '../../../src/app/branches/idle-branches.ts';
import { viewsOver } from '../../../src/app/scan/recorded-memories.ts';
import { BranchSessions } from '../../../src/app/update/branch-sessions.ts';
import { NO_RESOURCES } from '../../../src/domain/resources/merge-resources.ts';
import { FakeClock, MemoryBranch, memoryPorts, never } from '../../support/memory-ports.ts';
import { automationText, deploymentText, policyText, PODINFO } from '../../support/texts.ts';

describe('branches that nothing is wanted on', () => {
  it('are known while the base stays, until something is wanted there', () => {
    const idle = new IdleBranches();
    idle.add('c1', 'bot');
    expect([idle.has('c1', 'bot'), idle.has('c1', 'other'), idle.has('c2', 'bot')]).toEqual([
      true,
      false,
      false,
    ]);
    idle.forget('bot');
    expect(idle.has('c1', 'bot')).toBe(false);
    idle.add('c1', 'bot');
    idle.add('c2', 'other');
    expect([idle.has('c1', 'bot'), idle.has('c2', 'other')]).toEqual([false, true]);
  });

  it('cost a listing once for each head of the base', async () => {
    const branch = new MemoryBranch({
      'automation.yaml': automationText('update', 'push: {branch: bot}'),
      'policy.yaml': policyText(),
      'web.yaml': deploymentText(`${PODINFO}:6.2.0`),
    });
    const ports = memoryPorts({
      branch,
      clock: new FakeClock(undefined, { auto: true }),
      repositories: { [PODINFO]: ['6.2.0'] },
    });
    const sessions = new BranchSessions(ports, viewsOver(ports));
    const listed = vi.spyOn(branch, 'branchHeads');
    const request = {
      resources: NO_RESOURCES,
      chooseAutomation: ({ automations }: typeof NO_RESOURCES) => automations.values().next().value,
    };
    const access = { url: 'https://git.example.com/config.git', branch: 'main' };
    const pass = () => sessions.update(access, request, { dryRun: false, signal: never });
    await pass();
    await pass();
    expect(listed).toHaveBeenCalledTimes(1);
    branch.commitByOther({ 'README.md': 'text' });
    await pass();
    expect(listed).toHaveBeenCalledTimes(2);
  });
});
