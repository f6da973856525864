import { describe, expect, it } from 'vitest';
import { updateOnce, type UpdateRequest } from '../../../src/app/update/update-once.ts';
import { reportOf } from '../../../src/app/update/update-report.ts';
import { AppError } from '../../../src/domain/errors.ts';
import {
  MemoryBranch,
  MemoryCheckout,
  memoryPorts,
  never,
  type Files,
  type World,
} from '../../support/memory-ports.ts';
import { automationText, deploymentText, policyText, PODINFO } from '../../support/texts.ts';

const URL = 'https://git.example.com/config.git';
const FILES: Files = { 'policy.yaml': policyText(), 'web.yaml': deploymentText() };
const UPDATED = deploymentText(`${PODINFO}:6.2.0`);

function worldOf(world: World = {}) {
  const checkout = new MemoryCheckout(FILES);
  const branch = new MemoryBranch(FILES);
  const ports = memoryPorts({
    checkout,
    branch,
    repositories: { [PODINFO]: ['6.1.0', '6.2.0'] },
    ...world,
  });
  const update = (over: Partial<UpdateRequest> = {}) =>
    updateOnce(
      ports,
      {
        target: { kind: 'folder', dir: '.' },
        policies: [],
        update: {},
        dryRun: false,
        commit: false,
        ignoreWindows: false,
        ...over,
      },
      never,
    );
  return { checkout: world.checkout ?? checkout, branch, ports, update };
}

const remote = { kind: 'remote', url: URL, branch: 'live' } as const;

describe('the message of an automation', () => {
  const style = [
    'commit:',
    '  messageTemplate: "[{{ .Values.cluster }}] {{ range .Changed.Changes }}{{ .Image | base }} {{ .NewTag }}{{ end }}"',
    '  values: {cluster: prod}',
  ];
  const files = { ...FILES, 'automation.yaml': automationText('update', ...style) };
  const want = `[prod] podinfo 6.2.0\n\nImage-Update: apps/podinfo ${PODINFO}:6.1.0 -> 6.2.0\n`;

  it.each(['folder', 'remote'] as const)('is worded by its template (%s)', async (kind) => {
    const checkout = new MemoryCheckout(files);
    const branch = new MemoryBranch(files);
    const { update } = worldOf({ checkout, branch });
    const target = kind === 'remote' ? remote : ({ kind, dir: '.' } as const);
    await update({ target, commit: true });
    const made = kind === 'remote' ? branch.requests : checkout.commits;
    expect(made.map(({ message }) => message)).toEqual([want]);
  });
});

describe('an automation whose commits GitHub signs', () => {
  const signed = automationText('update', 'commit: {signedBy: github}')
    .replace('git: {', 'git: {provider: github, secretRef: {name: app}, ')
    .replace('git.example.com', 'github.com/org');
  const files = { ...FILES, 'automation.yaml': signed };

  it('edits a folder, and commits nothing there', async () => {
    const checkout = new MemoryCheckout(files);
    const { update } = worldOf({ checkout });
    await expect(update({ commit: true })).rejects.toMatchObject({
      code: 'resource/not-supported',
    });
    expect(checkout.files['web.yaml']).toEqual(FILES['web.yaml']);
    await update();
    expect(checkout.files['web.yaml']).toEqual(UPDATED);
  });

  it('is not carried out with another login, even where there is nothing to do', async () => {
    const branch = new MemoryBranch({ 'automation.yaml': signed });
    await expect(worldOf({ branch }).update({ target: remote })).rejects.toMatchObject({
      code: 'resource/invalid',
      message: expect.stringContaining('commits of a GitHub App alone') as string,
    });
  });
});

/** Closed: the world's clock stands at noon in June. */
const CLOSED = 'windows: {allow: [{cron: "0 0 1 1 *", duration: 1h}]}';

describe('an update outside the windows of its automation', () => {
  const files = { ...FILES, 'automation.yaml': automationText('update', CLOSED) };

  it.each(['folder', 'remote'] as const)('waits (%s), and says until when', async (kind) => {
    const checkout = new MemoryCheckout(files);
    const branch = new MemoryBranch(files);
    const { update } = worldOf({ checkout, branch });
    const target = kind === 'remote' ? remote : ({ kind, dir: '.' } as const);
    const {
      commits: [commit],
      pass,
    } = await update({ target });
    expect(commit).toBeUndefined();
    expect([checkout.writes, branch.requests]).toEqual([0, []]);
    expect(reportOf({ pass, commits: [], branches: [], pullRequests: [] }).held).toMatchObject([
      {
        reason: 'WindowClosed',
        choice: '6.2.0',
        message: '6.1.0 -> 6.2.0 waits until 2027-01-01T00:00:00Z (no allow window is active)',
      },
    ]);
  });

  it('is made all the same where a person asks for it', async () => {
    const branch = new MemoryBranch(files);
    const { update } = worldOf({ branch });
    const {
      commits: [commit],
    } = await update({ target: remote, ignoreWindows: true });
    expect(commit).toMatchObject({ subject: 'Update podinfo to 6.2.0' });
  });

  it('follows a lock, which is a person’s word', async () => {
    const annotations = ['lockkeeper.dev/lock: "6.0.0"'];
    const web = deploymentText(undefined, { annotations });
    const branch = new MemoryBranch({ ...files, 'web.yaml': web });
    const repositories = { [PODINFO]: ['6.0.0', '6.1.0', '6.2.0'] };
    const { update } = worldOf({ branch, repositories });
    const {
      commits: [commit],
    } = await update({ target: remote });
    expect(commit).toMatchObject({ subject: 'Return podinfo to 6.0.0' });
  });
});

describe('an update by an automation with a batch window', () => {
  const files = { ...FILES, 'automation.yaml': automationText('update', 'batchWindow: 1h') };

  it.each(['folder', 'remote'] as const)('does not wait for more (%s)', async (kind) => {
    const checkout = new MemoryCheckout(files);
    const branch = new MemoryBranch(files);
    const { update } = worldOf({ checkout, branch });
    const target = kind === 'remote' ? remote : ({ kind, dir: '.' } as const);
    const { commits } = await update({ target, commit: true });
    expect(commits).toMatchObject([{ subject: 'Update podinfo to 6.2.0' }]);
  });
});

describe('an update of a folder', () => {
  it('edits in place, and a second one changes nothing', async () => {
    const { checkout, update } = worldOf();
    const first = await update();
    expect(first.commits).toEqual([]);
    expect(checkout.files).toEqual({ ...FILES, 'web.yaml': UPDATED });
    await update();
    expect(checkout.writes).toBe(1);
  });

  it('writes nothing in a dry run', async () => {
    const { checkout, update } = worldOf();
    const { pass } = await update({ dryRun: true, commit: true });
    expect(pass.edits).toHaveLength(1);
    expect([checkout.writes, checkout.commits]).toEqual([0, []]);
  });

  it('commits where that was asked for', async () => {
    const { checkout, update } = worldOf();
    const {
      commits: [commit],
    } = await update({ commit: true });
    expect(commit).toMatchObject({ id: 'commit-1', subject: 'Update podinfo to 6.2.0' });
    expect(checkout.commits[0]?.files.map(({ path }) => path)).toEqual(['web.yaml']);
    expect((await update({ commit: true })).commits).toEqual([]);
    expect(checkout.commits).toHaveLength(1);
  });

  it('writes nothing when any resource is invalid', async () => {
    const checkout = new MemoryCheckout({ ...FILES, 'bad.yaml': policyText('bad', 'a b') });
    const { update } = worldOf({ checkout });
    await expect(update()).rejects.toMatchObject({ code: 'resource/invalid' });
    expect(checkout.writes).toBe(0);
  });
});

describe('policies from elsewhere', () => {
  const folders = {
    policies: { 'a.yaml': policyText(), 'ignored.txt': 'x', 'values.yaml': 'a: b' },
    automations: { 'b.yaml': automationText('update', 'update: {paths: [other]}') },
    empty: { 'readme.md': '' },
    bad: { 'bad.yaml': policyText('bad', PODINFO, 'interval: often') },
    large: { 'large.yaml': ' '.repeat(5 * 1024 * 1024 + 1) },
  };

  it('take the place of those in the folder', async () => {
    const checkout = new MemoryCheckout({ 'web.yaml': deploymentText() });
    const { update } = worldOf({ checkout, folders });
    await update({ policies: ['policies'] });
    expect(checkout.files['web.yaml']).toBe(UPDATED);
  });

  it('may lie in several folders, with an automation that says where to write', async () => {
    const { checkout, update } = worldOf({ folders });
    const { pass } = await update({ policies: ['policies', 'automations'] });
    expect(pass.edits).toEqual([]);
    expect(checkout.writes).toBe(0);
  });

  it.each([
    { path: 'empty', code: 'resource/not-found', message: 'there is no ImagePolicy in empty' },
    { path: 'bad', code: 'resource/invalid', message: /^spec.interval: must be a duration/ },
    { path: 'nowhere', code: 'usage', message: 'there is no nowhere' },
    { path: 'large', code: 'file/too-large', message: 'too large to hold resources' },
  ])('in $path stop everything', async ({ path, code, message }) => {
    const { update, checkout, ports } = worldOf({ folders });
    const error = await update({ policies: [path] }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code });
    expect((error as AppError).message).toMatch(message);
    expect([checkout.writes, ports.registry.calls]).toEqual([0, []]);
  });
});

describe('the automation', () => {
  const files = {
    ...FILES,
    'automations.yaml': [
      automationText('one'),
      automationText('two', 'update: {paths: [none]}'),
    ].join('---\n'),
  };
  const updated = async (automation?: string) => {
    const { update, checkout } = worldOf({ checkout: new MemoryCheckout(files) });
    await update(automation === undefined ? {} : { automation });
    return checkout.files['web.yaml'] === UPDATED;
  };

  it.each([
    { automation: 'one', want: true },
    { automation: 'apps/one', want: true },
    { automation: 'two', want: false },
  ])('may be named: $automation', async ({ automation, want }) => {
    expect(await updated(automation)).toBe(want);
  });

  it.each([
    {
      automation: undefined,
      message: /several ImageUpdateAutomations \(apps\/one, apps\/two\); choose/,
    },
    {
      automation: 'three',
      message: /no single .* is called three; there are: apps\/one, apps\/two$/,
    },
  ])('must be one that is there: $automation', async ({ automation, message }) => {
    await expect(updated(automation)).rejects.toThrow(message);
  });

  it('cannot be named where there is none', async () => {
    await expect(worldOf().update({ automation: 'x' })).rejects.toThrow(/there are: none$/);
  });
});

describe('an update of a remote repo', () => {
  it('commits and pushes, with no login where nothing names one', async () => {
    const { branch, ports, update } = worldOf();
    const {
      commits: [commit],
    } = await update({ target: remote });
    expect(commit).toMatchObject({ id: 'c1' });
    expect(branch.current['web.yaml']).toBe(UPDATED);
    expect(branch.closed).toBe(1);
    expect(ports.opened).toEqual([{ url: URL, branch: 'live' }]);
  });

  it('logs in as the automation for that repo says, on the branch that was named', async () => {
    const login = 'git: {url: "https://git.example.com/config.git", secretRef: {name: login}}';
    const { ports, update } = worldOf({
      secrets: { 'apps/login': { bearerToken: 't' } },
      folders: {
        conf: {
          'policy.yaml': policyText(),
          'automation.yaml': automationText().replace(/git: .*/, login),
        },
      },
    });
    await update({ target: remote, policies: ['conf'] });
    expect(ports.opened).toEqual([{ url: URL, branch: 'live', bearerToken: 't' }]);
  });
});

describe('the automation for a repo among several', () => {
  const forRepo = (name: string, git: string) => automationText(name).replace(/git: .*/, git);
  const folders = {
    conf: {
      'policy.yaml': policyText(),
      'a.yaml': forRepo('other', 'git: {url: "https://git.example.com/other.git"}'),
      'b.yaml': forRepo('this', `git: {url: "${URL}", branch: next, secretRef: {name: login}}`),
    },
  };
  const secrets = { 'apps/login': { bearerToken: 't' } };
  const target = { kind: 'remote', url: URL } as const;

  it('is the one of its address, and says which branch', async () => {
    const { ports, update } = worldOf({ folders, secrets });
    const { pass } = await update({ target, policies: ['conf'] });
    expect(pass.automation?.metadata.name).toBe('this');
    expect(ports.opened).toEqual([{ url: URL, branch: 'next', bearerToken: 't' }]);
  });

  it('is the one that was named, and its login goes to no other address', async () => {
    const { ports, update } = worldOf({ folders, secrets });
    await update({ target, policies: ['conf'], automation: 'other' });
    expect(ports.opened).toEqual([{ url: URL, branch: 'main' }]);
  });
});

describe('the report', () => {
  it('tells changes, what is held and why, policies, findings and the commit', async () => {
    const annotations = ['lockkeeper.dev/lock: "6.0.0"', 'lockkeeper.dev/lock-by: ana'];
    const checkout = new MemoryCheckout({
      ...FILES,
      'held.yaml': deploymentText(`${PODINFO}:6.1.0`, { annotations }),
      'nginx.yaml': policyText('nginx', 'nginx'),
      'values.yaml': 'tag: "1.0" # {"$imagepolicy": "apps:nginx:tag"}\n',
    });
    const { update } = worldOf({
      checkout,
      repositories: {
        [PODINFO]: { '6.0.0': '', '6.1.0': '', '6.2.0': '' },
        'docker.io/library/nginx': new AppError('registry/unreachable', 'down'),
      },
    });
    const outcome = await update({ commit: true });
    const held = 'Deployment apps/web';
    expect(reportOf(outcome)).toMatchObject({
      changes: [
        { path: 'held.yaml', from: '6.1.0', to: '6.0.0', locked: true },
        { path: 'web.yaml', from: '6.1.0', to: '6.2.0', locked: false },
      ],
      held: [{ path: 'values.yaml', reason: 'ScanFailed', message: 'down', current: '1.0' }],
      policies: [
        {
          policy: 'apps/nginx',
          image: 'nginx',
          state: 'failed',
          message: 'down',
          locations: { total: 1, changed: 0, held: 1 },
        },
        {
          policy: 'apps/podinfo',
          state: 'selected',
          latest: '6.2.0',
          locations: { total: 2, changed: 2, held: 0 },
        },
      ],
      findings: [{ code: 'policy/failed' }],
      commits: [{ id: 'commit-1', subject: 'Update podinfo to 6.0.0, podinfo to 6.2.0' }],
    });
    const again = reportOf(await update());
    expect(again.commits).toEqual([]);
    expect(again.held).toMatchObject([
      {
        path: 'held.yaml',
        resource: held,
        reason: 'Locked',
        current: '6.0.0',
        choice: '6.2.0',
        lock: { by: 'ana' },
      },
      { path: 'values.yaml' },
    ]);
  });
});

describe('minimumAge', () => {
  const policy = policyText('podinfo', PODINFO, 'minimumAge: 24h');
  const warnings = (outcome: Awaited<ReturnType<typeof updateOnce>>) =>
    reportOf(outcome).findings.filter(({ code }) => code === 'policy/ages-unknown');

  it('counts all tags as old enough at the first look, and says so', async () => {
    const checkout = new MemoryCheckout({ ...FILES, 'policy.yaml': policy });
    const { update, ports } = worldOf({ checkout });
    const first = await update();
    expect(checkout.files['web.yaml']).toBe(UPDATED);
    expect(warnings(first)).toEqual([
      {
        severity: 'warning',
        code: 'policy/ages-unknown',
        message:
          'ImagePolicy apps/podinfo: 6.2.0 counts as old enough for minimumAge, because this is the first look at its tags; keep the cache folder (LOCKKEEPER_CACHE_DIR) between runs, for ages are counted from now on',
        at: expect.objectContaining({ path: 'policy.yaml' }) as object,
      },
    ]);
    ports.registry.repositories = { [PODINFO]: ['6.1.0', '6.2.0', '6.3.0'] };
    const second = await update();
    expect(warnings(second)).toEqual([]);
    expect(checkout.files['web.yaml']).toBe(UPDATED);
  });

  it('has nothing to say of a first look without it, or without a choice', async () => {
    expect(warnings(await worldOf().update())).toEqual([]);
    const checkout = new MemoryCheckout({ ...FILES, 'policy.yaml': policy });
    const { update } = worldOf({ checkout, repositories: { [PODINFO]: ['latest'] } });
    expect(warnings(await update())).toEqual([]);
  });
});
