import { describe, expect, it, vi } from 'vitest';
import { viewsOver } from '../../../src/app/scan/recorded-memories.ts';
import { updateOnce } from '../../../src/app/update/update-once.ts';
import { BranchSessions } from '../../../src/app/update/branch-sessions.ts';
import { NO_RESOURCES } from '../../../src/domain/resources/merge-resources.ts';
import {
  FakeClock,
  MemoryBranch,
  MemoryCheckout,
  memoryPorts,
  never,
  type Files,
} from '../../support/memory-ports.ts';
import { automationText, deploymentText, policyText, PODINFO } from '../../support/texts.ts';

const ACCESS = { url: 'https://git.example.com/config.git', branch: 'main' };
const OPTIONS = { dryRun: false, signal: never };
const DAY_MS = 24 * 60 * 60 * 1_000;

const web = (tag: string) => deploymentText(`${PODINFO}:${tag}`);

/** A repo in which we have moved the field from 6.1.0 to 6.2.0. */
async function moved(...spec: readonly string[]) {
  return start({ 'automation.yaml': automationText('update', ...spec) });
}

async function start(files: Files) {
  const branch = new MemoryBranch({
    'policy.yaml': policyText(),
    'web.yaml': web('6.1.0'),
    ...files,
  });
  const clock = new FakeClock(undefined, { auto: true });
  const ports = memoryPorts({ branch, repositories: { [PODINFO]: ['6.1.0', '6.2.0'] }, clock });
  const log = vi.spyOn(branch, 'log');
  let sessions = new BranchSessions(ports, viewsOver(ports));
  const request = {
    resources: NO_RESOURCES,
    chooseAutomation: ({ automations }: typeof NO_RESOURCES) => automations.values().next().value,
  };
  const pass = async () => {
    const { pass: done } = await sessions.update(ACCESS, request, OPTIONS);
    return done.plan.decisions.map(({ reason, message }) => ({ reason, message }));
  };
  await pass();
  return {
    branch,
    log,
    pass,
    clock,
    /** Commits as a person, a minute later. */
    person: (changed: Files, info: Parameters<MemoryBranch['commitByOther']>[1] = {}) => {
      const author = { name: 'Ana', email: 'ana@example.com' };
      branch.commitByOther(changed, { author, time: clock.now(), message: 'change', ...info });
    },
    push: (...tags: readonly string[]) => {
      ports.registry.repositories = { [PODINFO]: tags };
      restart();
    },
    restart,
  };
  function restart() {
    sessions = new BranchSessions(ports, viewsOver(ports));
  }
}

const reasons = (decisions: readonly { readonly reason: string }[]) =>
  decisions.map(({ reason }) => reason);

describe('a field that a person moved back', () => {
  it('stays, and says who and where; a new process sees the same', async () => {
    const { person, pass, restart, branch } = await moved();
    person({ 'web.yaml': `# rolled back\n${web('6.1.0')}` });
    person({ 'notes.md': 'more' });
    const held = [
      {
        reason: 'Held',
        message:
          'held at 6.1.0: Ana <ana@example.com> moved it away from 6.2.0 in c2; until there is a tag newer than 6.2.0',
      },
    ];
    expect(await pass()).toEqual(held);
    restart();
    expect(await pass()).toEqual(held);
    expect(branch.requests).toHaveLength(1);
  });

  it.each([
    {
      name: 'moves on to a newer tag',
      spec: [],
      tags: ['6.1.0', '6.2.0', '6.3.0'],
      want: 'NewTag',
    },
    {
      name: 'does not take an older one, even when a second scan confirms that it is the newest',
      spec: [],
      tags: ['6.1.0', '6.1.5'],
      scans: 2,
      want: 'Held',
    },
    { name: 'waits under Hold', spec: ['onRevert: Hold'], tags: ['6.3.0'], want: 'Held' },
    {
      name: 'is written again under Override',
      spec: ['onRevert: Override'],
      tags: ['6.1.0', '6.2.0'],
      want: 'NewTag',
    },
    {
      name: 'is held by a closed window just as well',
      spec: ['windows: {deny: [{cron: "* * * * *", duration: 1h}]}', 'onRevert: SkipTag'],
      tags: ['6.1.0', '6.2.0'],
      want: 'Held',
    },
  ])('$name', async ({ spec, tags, scans = 1, want }) => {
    const isClosed = spec.some((line) => line.startsWith('windows'));
    const repo = await moved(...(isClosed ? [] : spec));
    repo.person({ 'web.yaml': web('6.1.0'), 'automation.yaml': automationText('update', ...spec) });
    repo.push(...tags);
    for (let scan = 1; scan < scans; scan += 1) {
      await repo.pass();
      await repo.clock.advance(60_000);
    }
    expect(reasons(await repo.pass())).toEqual([want]);
  });

  it('passes once: what was written then is rejected anew', async () => {
    const { person, pass, push } = await moved();
    person({ 'web.yaml': web('6.1.0') });
    push('6.1.0', '6.2.0', '6.3.0');
    expect(reasons(await pass())).toEqual(['NewTag']);
    person({ 'web.yaml': web('6.1.0') });
    expect((await pass())[0]?.message).toMatch(/moved it away from 6\.3\.0 .* newer than 6\.3\.0$/);
  });

  it('is free again once that was taken back', async () => {
    const { person, pass, push } = await moved();
    person({ 'web.yaml': web('6.1.0') });
    expect(reasons(await pass())).toEqual(['Held']);
    person({ 'web.yaml': web('6.2.0') });
    expect(reasons(await pass())).toEqual(['UpToDate']);
    push('6.3.0');
    expect(reasons(await pass())).toEqual(['NewTag']);
  });

  it('is free again after a release, by whatever means that was committed', async () => {
    const { person, pass } = await moved();
    person({ 'web.yaml': web('6.1.0') });
    person({}, { message: 'Try again\n\nImage-Release: apps/other web.yaml\n' });
    expect(reasons(await pass())).toEqual(['Held']);
    person({}, { message: 'Try again\n\nImage-Release: apps/podinfo web.yaml\n' });
    expect(reasons(await pass())).toEqual(['NewTag']);
  });

  it('is held even where the revert quotes our own message', async () => {
    const { person, pass, branch } = await moved();
    const quoted = branch.requests[0]?.message ?? '';
    person({ 'web.yaml': web('6.1.0') }, { message: `Revert\n\n${quoted}` });
    expect(reasons(await pass())).toEqual(['Held']);
  });

  it('is held where our change came by a squash or a cherry-pick of a person', async () => {
    const message = `Squash (#3)\n\n* Update podinfo to 6.2.0\n\nImage-Update: apps/podinfo ${PODINFO}:6.1.0 -> 6.2.0\n\n* more\n`;
    const { person, pass } = await start({
      'web.yaml': web('6.2.0'),
      'automation.yaml': automationText(),
    });
    person({ 'web.yaml': web('6.1.0') }, { message: 'older' });
    person({ 'web.yaml': web('6.2.0') }, { message });
    person({ 'web.yaml': web('6.1.0') });
    expect(reasons(await pass())).toEqual(['Held']);
  });
});

describe('no hold', () => {
  it('comes of moving a field forward', async () => {
    const { person, pass, push } = await moved();
    person({ 'web.yaml': web('6.3.0-rc.1') });
    push('6.1.0', '6.2.0', '6.3.0');
    expect(reasons(await pass())).toEqual(['NewTag']);
  });

  it('comes of other changes of the file, nor of a lock and its end', async () => {
    const { person, pass, push } = await moved();
    const locked = deploymentText(`${PODINFO}:6.2.0`, {
      annotations: ['lockkeeper.dev/lock: "6.1.0"'],
    });
    person(
      { 'web.yaml': locked },
      { message: 'Lock Deployment apps/web at 6.1.0\n\nImage-Lock: Deployment apps/web 6.1.0\n' },
    );
    expect(reasons(await pass())).toEqual(['Locked']);
    person({ 'web.yaml': `# unlocked\n${web('6.1.0')}` });
    push('6.1.0', '6.2.0', '6.3.0');
    expect(reasons(await pass())).toEqual(['NewTag']);
  });

  it('is older than 90 days', async () => {
    const { person, pass, clock } = await moved();
    person({ 'web.yaml': web('6.1.0') });
    await clock.sleep(91 * DAY_MS, never);
    expect(reasons(await pass())).toEqual(['NewTag']);
  });

  it('costs anything while nothing is to be written', async () => {
    const { log, pass, person } = await moved();
    log.mockClear();
    await pass();
    person({ 'notes.md': 'x' });
    await pass();
    expect(log).not.toHaveBeenCalled();
    person({ 'web.yaml': web('6.1.0') });
    await pass();
    await pass();
    await pass();
    expect(log).toHaveBeenCalledTimes(1);
  });
});

describe('a work tree', () => {
  it('knows from its history what a person moved back', async () => {
    const { branch, person } = await moved();
    person({ 'web.yaml': web('6.1.0') });
    const update = async (past?: MemoryBranch) => {
      const checkout = new MemoryCheckout(branch.current, past);
      const ports = memoryPorts({ checkout, repositories: { [PODINFO]: ['6.1.0', '6.2.0'] } });
      const request = {
        policies: [],
        update: {},
        dryRun: false,
        commit: false,
        ignoreWindows: false,
      };
      const target = { kind: 'folder', dir: '.' } as const;
      return reasons((await updateOnce(ports, { ...request, target }, never)).pass.plan.decisions);
    };
    expect(await update(branch)).toEqual(['Held']);
    expect(await update()).toEqual(['NewTag']);
  });
});
