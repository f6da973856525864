import { describe, expect, it, vi } from 'vitest';
import { BranchSessions } from '../../../src/app/update/branch-sessions.ts';
import { viewsOver } from '../../../src/app/scan/recorded-memories.ts';
import type { PassRequest } from '../../../src/app/update/pass-request.ts';
import { reportOf } from '../../../src/app/update/update-report.ts';
import { AppError } from '../../../src/domain/errors.ts';
import { NO_RESOURCES } from '../../../src/domain/resources/merge-resources.ts';
import type { CommitRequest, GitAccess } from '../../../src/ports/ports.ts';
import type { SigningKey } from '../../../src/ports/signing.ts';
import { automation } from '../../support/builders.ts';
import {
  FakeClock,
  MemoryBranch,
  memoryPorts,
  memorySecrets,
  never,
  type Files,
  type MemoryPorts,
} from '../../support/memory-ports.ts';
import { automationText, deploymentText, policyText, PODINFO } from '../../support/texts.ts';

const ACCESS = { url: 'https://git.example.com/config.git', branch: 'main' };
const REQUEST: PassRequest = { resources: NO_RESOURCES, chooseAutomation: () => undefined };
const OPTIONS = { dryRun: false, signal: never };

function world(files: Files = { 'policy.yaml': policyText(), 'web.yaml': deploymentText() }) {
  const branch = new MemoryBranch(files);
  const ports = memoryPorts({
    branch,
    repositories: { [PODINFO]: ['6.1.0', '6.2.0'] },
    clock: new FakeClock(undefined, { auto: true }),
  });
  return { branch, ports, sessions: sessionsOf(ports) };
}

function sessionsOf(ports: MemoryPorts) {
  return new BranchSessions(ports, viewsOver(ports));
}

describe('an update of a branch', () => {
  it('is one commit on the head, pushed', async () => {
    const { branch, sessions } = world();
    const {
      commits: [commit],
    } = await sessions.update(ACCESS, REQUEST, OPTIONS);
    expect(commit).toMatchObject({ id: 'c1', subject: 'Update podinfo to 6.2.0' });
    expect(branch.current['web.yaml']).toBe(deploymentText(`${PODINFO}:6.2.0`));
    expect(branch.requests).toMatchObject([
      {
        parent: 'c0',
        author: { name: 'Lockkeeper', email: 'lockkeeper@localhost' },
        message: expect.stringContaining('\nImage-Update: apps/podinfo ') as string,
        files: [{ path: 'web.yaml' }],
      },
    ]);
  });

  const SIGNING = automation({
    commit: {
      author: { name: 'Bot', email: 'bot@example.com' },
      signingKey: { secretRef: { name: 'signing' } },
      signOff: true,
    },
  });

  it('is signed and signed off where the automation says so', async () => {
    const { branch, ports } = world();
    const opened: SigningKey[] = [];
    const signer = { kind: 'key', sign: async () => 'SIGNATURE' } as const;
    const signing = {
      open: async (key: SigningKey) => {
        opened.push(key);
        return signer;
      },
    };
    const secrets = memorySecrets({ 'apps/signing': { 'git.asc': 'KEY' } });
    const sessions = sessionsOf({ ...ports, secrets, signing });
    await sessions.update(ACCESS, { ...REQUEST, chooseAutomation: () => SIGNING }, OPTIONS);
    expect(opened).toEqual([{ kind: 'openpgp', text: 'KEY', source: 'Secret apps/signing' }]);
    expect(branch.requests).toMatchObject([
      {
        signer,
        message: expect.stringMatching(/\nSigned-off-by: Bot <bot@example\.com>\n$/) as string,
      },
    ]);
  });

  it('fails for a key that cannot be used, even when there is nothing to commit', async () => {
    const { branch, ports } = world({ 'policy.yaml': policyText() });
    const secrets = memorySecrets({ 'apps/signing': { 'git.asc': 'no key' } });
    const sessions = sessionsOf({ ...ports, secrets });
    const request = { ...REQUEST, chooseAutomation: () => SIGNING };
    await expect(sessions.update(ACCESS, request, OPTIONS)).rejects.toMatchObject({
      code: 'secret/invalid',
      message: 'Secret apps/signing: this is not an armored OpenPGP private key',
    });
    expect(branch.requests).toEqual([]);
  });

  it('writes nothing in a dry run', async () => {
    const { branch, sessions } = world();
    const outcome = await sessions.update(ACCESS, REQUEST, { ...OPTIONS, dryRun: true });
    expect(outcome.commits).toEqual([]);
    expect(outcome.pass.edits).toHaveLength(1);
    expect(branch.requests).toEqual([]);
  });

  it.each(['Setters', 'Images'] as const)(
    'costs one look at the head when nothing moved, with strategy %s',
    async (strategy) => {
      const { branch, sessions } = world();
      const request = { ...REQUEST, update: { strategy } };
      await sessions.update(ACCESS, request, OPTIONS);
      await sessions.update(ACCESS, request, OPTIONS);
      const before = { ...branch.usage, reads: branch.usage.reads.length, heads: branch.heads };
      const {
        commits: [commit],
      } = await sessions.update(ACCESS, request, OPTIONS);
      expect(commit).toBeUndefined();
      expect({ ...branch.usage, reads: branch.usage.reads.length, heads: branch.heads }).toEqual({
        ...before,
        heads: before.heads + 1,
      });
    },
  );

  it('plans again on the new head when someone else was first', async () => {
    const { branch, ports, sessions } = world();
    let races = 2;
    branch.beforePush = () => {
      races -= 1;
      if (races >= 0) branch.commitByOther({ [`human-${races}.txt`]: 'kept' });
    };
    const retries: string[] = [];
    const onRetry = (reason: string) => void retries.push(reason);
    const {
      commits: [commit],
    } = await sessions.update(ACCESS, REQUEST, { ...OPTIONS, onRetry });
    expect(commit).toBeDefined();
    expect(retries).toEqual(['the branch moved', 'the branch moved']);
    expect(branch.requests.map(({ parent }) => parent)).toEqual(['c0', 'c2', 'c4']);
    expect(branch.current).toMatchObject({
      'human-0.txt': 'kept',
      'human-1.txt': 'kept',
      'web.yaml': deploymentText(`${PODINFO}:6.2.0`),
    });
    // Doubled each time; half of it is random.
    expect(ports.clock.sleeps).toEqual([75, 150]);
  });

  it('does nothing more when someone else did the same', async () => {
    const { branch, sessions } = world();
    branch.beforePush = () =>
      branch.commitByOther({ 'web.yaml': deploymentText(`${PODINFO}:6.2.0`) });
    const {
      commits: [commit],
    } = await sessions.update(ACCESS, REQUEST, OPTIONS);
    expect(commit).toBeUndefined();
    expect(branch.requests).toHaveLength(1);
  });

  it('obeys a lock that someone else pushed meanwhile', async () => {
    const { branch, sessions } = world();
    const annotations = ['lockkeeper.dev/lock: "true"'];
    const locked = deploymentText(undefined, { annotations });
    branch.beforePush = () => branch.commitByOther({ 'web.yaml': locked });
    const {
      commits: [commit],
      pass,
    } = await sessions.update(ACCESS, REQUEST, OPTIONS);
    expect(commit).toBeUndefined();
    expect(pass.plan.decisions).toMatchObject([{ reason: 'Locked' }]);
    expect(branch.current['web.yaml']).toBe(locked);
  });

  it('begins anew when the commit is gone before its files are fetched', async () => {
    const { branch, sessions } = world();
    vi.spyOn(branch, 'files').mockImplementationOnce(() => {
      throw new AppError('git/not-found', 'the commit is no longer there', { retry: true });
    });
    const {
      commits: [commit],
    } = await sessions.update(ACCESS, REQUEST, OPTIONS);
    expect(commit).toBeDefined();
  });

  it('gives up on a branch that never stands still', async () => {
    const { branch, sessions } = world();
    let pushes = 0;
    branch.beforePush = () => branch.commitByOther({ [`${(pushes += 1)}.txt`]: '' });
    await expect(sessions.update(ACCESS, REQUEST, OPTIONS)).rejects.toMatchObject({
      code: 'git/conflict',
      retry: true,
      message: 'main of memory: gave up after 10 rejected pushes (the branch moved)',
    });
    expect(pushes).toBe(10);
  });
});

describe('sessions', () => {
  it('open a branch once, and close it at the end', async () => {
    const { branch, ports, sessions } = world();
    await sessions.update(ACCESS, REQUEST, OPTIONS);
    await sessions.update(ACCESS, REQUEST, OPTIONS);
    expect(ports.opened).toEqual([ACCESS]);
    await sessions.close();
    expect(branch.closed).toBe(1);
  });

  it('open it anew after a failure, with the login as it is then', async () => {
    const { branch, ports, sessions } = world();
    branch.failures = [new AppError('git/unauthorized', 'no')];
    const before = { ...ACCESS, bearerToken: 'old' };
    await expect(sessions.update(before, REQUEST, OPTIONS)).rejects.toThrow('no');
    expect(branch.closed).toBe(1);
    const after = { ...ACCESS, bearerToken: 'new' };
    await sessions.update(after, REQUEST, OPTIONS);
    expect(ports.opened).toEqual([before, after]);
  });

  it('do one piece of work on a branch at a time, and work on others meanwhile', async () => {
    const { sessions } = world();
    const log: string[] = [];
    let open = (): void => undefined;
    const gate = new Promise<void>((resolve) => (open = resolve));
    const slow = sessions.run(ACCESS, OPTIONS, async () => {
      log.push('slow begins');
      await gate;
      log.push('slow ends');
    });
    const next = sessions.run(ACCESS, OPTIONS, async () => void log.push('next'));
    const other = { ...ACCESS, branch: 'other' };
    await sessions.run(other, OPTIONS, async () => void log.push('other'));
    open();
    await Promise.all([slow, next]);
    expect(log).toEqual(['slow begins', 'other', 'slow ends', 'next']);
  });

  it('remember from run to run what blobs hold, so that each is read once', async () => {
    const { branch, ports, sessions } = world({
      'policy.yaml': policyText(),
      'web.yaml': deploymentText(`${PODINFO}:6.2.0`),
      'plain.yaml': 'a: b\n',
    });
    await sessions.update(ACCESS, REQUEST, OPTIONS);
    expect(branch.usage.reads.toSorted()).toEqual(['plain.yaml', 'policy.yaml', 'web.yaml']);
    branch.usage.reads.length = 0;
    const again = await sessionsOf(ports).update(ACCESS, REQUEST, OPTIONS);
    expect(branch.usage.reads).toEqual([]);
    expect(again.pass.plan.decisions).toHaveLength(1);
  });

  it('keep what was learnt when a pass fails', async () => {
    const { branch, ports, sessions } = world({
      'policy.yaml': policyText().replace('semver', 'semvr'),
      'plain.yaml': 'a: b\n',
    });
    await expect(sessions.update(ACCESS, REQUEST, OPTIONS)).rejects.toMatchObject({
      code: 'resource/invalid',
    });
    branch.usage.reads.length = 0;
    const again = sessionsOf(ports).update(ACCESS, REQUEST, OPTIONS);
    await expect(again).rejects.toMatchObject({ code: 'resource/invalid' });
    expect(branch.usage.reads).toEqual([]);
  });

  it('are opened anew for another login, and with it the next time', async () => {
    const { branch, ports, sessions } = world();
    const tenant = { ...ACCESS, basic: { username: 'tenant', password: 'x' } };
    await sessions.update(ACCESS, REQUEST, OPTIONS);
    await sessions.update(tenant, REQUEST, OPTIONS);
    await sessions.update(tenant, REQUEST, OPTIONS);
    expect(ports.opened).toEqual([ACCESS, tenant]);
    expect(branch.closed).toBe(1);
  });

  it('are kept while a GitHub App’s tokens come and go, but not for another App', async () => {
    const { ports, sessions } = world();
    // As it is made anew from the Secret at each run.
    const by = (privateKey: string): GitAccess => {
      const app = {
        id: '12',
        installation: { id: '34' },
        privateKey,
        apiUrl: 'https://api.github.com',
        source: 'Secret apps/app',
      };
      return { ...ACCESS, provider: { provider: 'github', app } };
    };
    await sessions.update(by('KEY'), REQUEST, OPTIONS);
    await sessions.update(by('KEY'), REQUEST, OPTIONS);
    expect(ports.opened).toEqual([by('KEY')]);
    await sessions.update(by('OTHER'), REQUEST, OPTIONS);
    expect(ports.opened).toEqual([by('KEY'), by('OTHER')]);
  });

  it('are dropped after the work that is under way, and then opened anew', async () => {
    const { branch, ports, sessions } = world();
    const update = sessions.update(ACCESS, REQUEST, OPTIONS);
    const drop = sessions.drop(ACCESS);
    expect((await update).commits).toHaveLength(1);
    await drop;
    expect(branch.closed).toBe(1);
    await sessions.update(ACCESS, REQUEST, OPTIONS);
    expect(ports.opened).toHaveLength(2);
  });
});

describe('a writer that may write no more', () => {
  it('pushes nothing, and says so', async () => {
    const { branch, sessions } = world();
    const update = sessions.update(ACCESS, REQUEST, { ...OPTIONS, mayWrite: () => false });
    await expect(update).rejects.toMatchObject({ code: 'cancelled' });
    expect(branch.current['web.yaml']).toBe(deploymentText());
  });

  it('is asked again before each attempt', async () => {
    const { branch, sessions } = world();
    const answers = [true, false];
    branch.beforePush = () => branch.commitByOther({ 'other.txt': 'x' });
    const mayWrite = () => answers.shift() ?? true;
    const update = sessions.update(ACCESS, REQUEST, { ...OPTIONS, mayWrite });
    await expect(update).rejects.toMatchObject({ code: 'cancelled' });
    expect(answers).toEqual([]);
    expect(branch.current['web.yaml']).toBe(deploymentText());
  });
});

describe('an update in a cluster', () => {
  it.each([
    { name: 'counts the repo’s own policies outside one', inCluster: undefined, commits: 1 },
    { name: 'leaves the repo’s own policies alone', inCluster: new Set<string>(), commits: 0 },
  ])('$name', async ({ inCluster, commits }) => {
    const { branch, sessions } = world();
    const request = { ...REQUEST, ...(inCluster === undefined ? {} : { inCluster }) };
    await sessions.update(ACCESS, request, OPTIONS);
    expect(branch.requests).toHaveLength(commits);
  });

  it('knows the policies that are there and cannot be used', async () => {
    const { sessions } = world();
    const findings = async (...known: string[]) => {
      const request = { ...REQUEST, inCluster: new Set(known) };
      const { pass } = await sessions.update(ACCESS, request, OPTIONS);
      return pass.findings.map(({ code }) => code);
    };
    expect(await findings()).toEqual(['marker/unknown-policy']);
    expect(await findings('apps/podinfo')).toEqual([]);
  });
});

describe('an update in groups', () => {
  const NGINX = 'docker.io/library/nginx';
  /** One file with an image of each policy, and one of the second alone. */
  const files = {
    'automation.yaml': automationText('update', 'groupBy: policy'),
    'nginx-policy.yaml': policyText('nginx', 'nginx'),
    'policy.yaml': policyText(),
    'web.yaml': both('6.1.0', '1.0.0'),
    'z.yaml': deploymentText('nginx:1.0.0', { marker: 'apps:nginx' }),
  };
  const request: PassRequest = {
    ...REQUEST,
    chooseAutomation: ({ automations }) => automations.get('apps/update'),
  };

  function both(podinfo: string, nginx: string): string {
    const second = deploymentText(`nginx:${nginx}`, { marker: 'apps:nginx' });
    return `${deploymentText(`${PODINFO}:${podinfo}`)}---\n${second}`;
  }

  function groupedWorld() {
    const branch = new MemoryBranch(files);
    const repositories = { [PODINFO]: ['6.2.0'], [NGINX]: ['1.1.0'] };
    const clock = new FakeClock(undefined, { auto: true });
    const ports = memoryPorts({ branch, repositories, clock });
    return { branch, sessions: sessionsOf(ports) };
  }

  it('is a commit for each, one on top of the other, also within one file', async () => {
    const { branch, sessions } = groupedWorld();
    const { commits } = await sessions.update(ACCESS, request, OPTIONS);
    expect(commits.map(({ id, subject, changes }) => [id, subject, changes.length])).toEqual([
      ['c1', 'Update podinfo to 6.2.0', 1],
      ['c2', 'Update nginx to 1.1.0', 2],
    ]);
    expect(branch.requests.map(({ parent }) => parent)).toEqual(['c0', 'c1']);
    expect(filesOf(branch.requests[0])).toEqual({ 'web.yaml': both('6.2.0', '1.0.0') });
    expect(filesOf(branch.requests[1])).toEqual({
      'web.yaml': both('6.2.0', '1.1.0'),
      'z.yaml': deploymentText('nginx:1.1.0', { marker: 'apps:nginx' }),
    });
  });

  it('makes what is left again, and only that, when someone else came in between', async () => {
    const { branch, sessions } = groupedWorld();
    let pushes = 0;
    branch.beforePush = () => {
      pushes += 1;
      if (pushes === 2) branch.commitByOther({ 'human.txt': 'kept' });
    };
    const outcome = await sessions.update(ACCESS, request, OPTIONS);
    expect(outcome.commits.map(({ subject }) => subject)).toEqual([
      'Update podinfo to 6.2.0',
      'Update nginx to 1.1.0',
    ]);
    expect(reportOf(outcome).changes).toHaveLength(3);
    expect(branch.current).toMatchObject({
      'human.txt': 'kept',
      'web.yaml': both('6.2.0', '1.1.0'),
    });
  });

  function filesOf(request: CommitRequest | undefined): Record<string, string> {
    const decoder = new TextDecoder();
    return Object.fromEntries(
      (request?.files ?? []).map(({ path, bytes }) => [path, decoder.decode(bytes)]),
    );
  }
});
