import { describe, expect, it } from 'vitest';
import type { ImageUpdateAutomation } from '../../../src/api/image-update-automation.ts';
import { BY_NAME_ONLY, type CrossNamespace } from '../../../src/app/access/policy-grants.ts';
import { runFromFolders } from '../../../src/app/standalone/run-from-folders.ts';
import type { StandaloneEvent } from '../../../src/app/standalone/run-standalone.ts';
import {
  nextStatus,
  type StandaloneStatus,
} from '../../../src/app/standalone/standalone-status.ts';
import { AppError } from '../../../src/domain/errors.ts';
import {
  FakeClock,
  MemoryBranch,
  memoryPorts,
  settled,
  type Files,
  type Repositories,
} from '../../support/memory-ports.ts';
import { automationText, deploymentText, policyText, PODINFO } from '../../support/texts.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const REPOSITORIES = { [PODINFO]: ['6.1.0', '6.2.0'] };
const CONFIG = { 'policy.yaml': policyText(), 'automation.yaml': automationText() };

interface Start {
  readonly config?: Files;
  readonly files?: Files;
  readonly repositories?: Repositories;
  readonly crossNamespace?: CrossNamespace;
}

/** A controller that runs over memory, and what there is to move and to watch. */
async function start({
  config = CONFIG,
  files = { 'web.yaml': deploymentText() },
  repositories = REPOSITORIES,
  crossNamespace = BY_NAME_ONLY,
}: Start = {}) {
  const clock = new FakeClock('2026-06-01T12:00:00Z');
  const branch = new MemoryBranch(files);
  const folders: Record<string, Files> = { conf: config };
  const ports = memoryPorts({ clock, branch, folders, repositories });
  const events: StandaloneEvent[] = [];
  const [stop, abort] = [new AbortController(), new AbortController()];
  const running = runFromFolders(
    ports,
    { configPaths: ['conf'], crossNamespace },
    {
      signals: { stop: stop.signal, abort: abort.signal },
      onEvent: (event) => events.push(event),
    },
  );
  running.catch(() => undefined);
  await settled();
  return {
    clock,
    branch,
    ports,
    running,
    stop: () => stop.abort(),
    abort: () => abort.abort(),
    configure: (changed: Files) => (folders['conf'] = changed),
    /** Kinds of the events since the last call. */
    told: () => events.splice(0).map(({ kind }) => kind),
    events,
  };
}

function image({ current }: MemoryBranch) {
  const web = current['web.yaml'];
  return typeof web === 'string' ? /image: (\S+)/.exec(web)?.[1] : undefined;
}

describe('the standalone controller', () => {
  it('updates at once, then at each interval', async () => {
    const { branch, clock, told, ports } = await start();
    expect(told()).toEqual(['config-loaded', 'pass']);
    expect(image(branch)).toBe(`${PODINFO}:6.2.0`);
    ports.registry.repositories = { [PODINFO]: ['6.2.0', '6.3.0'] };
    await clock.advance(5 * MINUTE - 1);
    expect(told()).toEqual([]);
    await clock.advance(1);
    expect(told()).toEqual(['pass']);
    expect(image(branch)).toBe(`${PODINFO}:6.3.0`);
  });

  it('tells of a push that lost a race and was planned again', async () => {
    const { branch, clock, events, ports, told } = await start();
    told();
    ports.registry.repositories = { [PODINFO]: ['6.2.0', '6.3.0'] };
    let races = 1;
    branch.beforePush = () => {
      races -= 1;
      if (races >= 0) branch.commitByOther({ 'notes.md': 'x' });
    };
    await clock.advance(6 * MINUTE);
    expect(events).toMatchObject([
      { kind: 'push-retry', reason: 'the branch moved' },
      { kind: 'pass', outcome: { commits: [{ subject: 'Update podinfo to 6.3.0' }] } },
    ]);
  });

  it('looks sooner when a policy is to be scanned sooner', async () => {
    const config = { ...CONFIG, 'policy.yaml': policyText('podinfo', PODINFO, 'interval: 30s') };
    const { clock, told, ports } = await start({ config });
    told();
    await clock.advance(MINUTE);
    expect(told()).toEqual(['pass', 'pass']);
    expect(ports.registry.calls).toHaveLength(3);
  });

  it('scans by schedule, whatever the automation’s interval is', async () => {
    const scheduled = policyText('podinfo', PODINFO, 'schedule: {cron: "2 * * * *"}');
    const { clock, ports } = await start({ config: { ...CONFIG, 'policy.yaml': scheduled } });
    expect(ports.registry.calls).toHaveLength(1);
    await clock.advance(2 * MINUTE - 1);
    expect(ports.registry.calls).toHaveLength(1);
    await clock.advance(1);
    expect(ports.registry.calls).toHaveLength(2);
    await clock.advance(59 * MINUTE);
    expect(ports.registry.calls).toHaveLength(2);
  });

  it('scans while its window is closed, and writes the newest by one commit when it opens', async () => {
    const windows = 'windows: {allow: [{cron: "30 12 * * *", duration: 10m}]}';
    const config = { ...CONFIG, 'automation.yaml': automationText('update', windows) };
    const { branch, clock, ports, events } = await start({ config });
    ports.registry.repositories = { [PODINFO]: ['6.2.0', '6.3.0'] };
    await clock.advance(20 * MINUTE);
    expect(ports.registry.calls).toHaveLength(5);
    ports.registry.repositories = { [PODINFO]: ['6.3.0', '6.4.0'] };
    await clock.advance(10 * MINUTE - 1);
    expect(branch.requests).toEqual([]);
    // Within half a minute after the opening, at a moment of its own.
    await clock.advance(30 * SECOND);
    expect(branch.requests).toHaveLength(1);
    expect(image(branch)).toBe(`${PODINFO}:6.4.0`);
    ports.registry.repositories = { [PODINFO]: ['6.5.0'] };
    await clock.advance(10 * MINUTE - 30 * SECOND);
    expect(image(branch)).toBe(`${PODINFO}:6.5.0`);
    // At 12:40 it closes; that very moment is told.
    await clock.advance(1);
    const status = events.reduce<StandaloneStatus>(
      (before, event) => nextStatus(before, event, clock.now()),
      {},
    );
    expect(status['apps/update']?.window).toMatchObject({
      open: false,
      nextOpen: new Date('2026-06-02T12:30:00Z'),
    });
    expect(branch.requests).toHaveLength(2);
  });

  it('moves a field by one commit as soon as its lock lifts', async () => {
    const annotations = [
      'lockkeeper.dev/lock: "6.1.0"',
      'lockkeeper.dev/lock-until: "2026-06-01T12:01:30Z"',
    ];
    const web = deploymentText(`${PODINFO}:6.2.0`, { annotations });
    const { branch, clock } = await start({ files: { 'web.yaml': web } });
    expect(image(branch)).toBe(`${PODINFO}:6.1.0`);
    await clock.advance(90 * SECOND - 1);
    expect(branch.requests).toHaveLength(1);
    await clock.advance(1);
    expect(image(branch)).toBe(`${PODINFO}:6.2.0`);
    await clock.advance(20 * MINUTE);
    expect(branch.requests).toHaveLength(2);
  });

  it('follows a change of its configuration within seconds', async () => {
    const { branch, clock, configure, told } = await start();
    told();
    configure({
      ...CONFIG,
      'policy.yaml': policyText(
        'podinfo',
        PODINFO,
        'allowDowngrade: true',
        'policy: {semver: {range: 6.1.x}}',
      ),
    });
    await clock.advance(10 * SECOND);
    expect(told()).toEqual(['config-loaded', 'pass']);
    expect(image(branch)).toBe(`${PODINFO}:6.1.0`);
    await clock.advance(10 * MINUTE);
    // One loop only: the former one has ended.
    expect(told()).toEqual(['pass', 'pass']);
  });

  it('uses a policy of another namespace while that grants access by name, and no longer', async () => {
    const shared = (name: string, range: string) =>
      policyText(
        'podinfo',
        PODINFO,
        `accessFrom: {namespaceSelectors: [{matchLabels: {kubernetes.io/metadata.name: ${name}}}]}`,
        `policy: {semver: {range: ${range}}}`,
      ).replace('namespace: apps', 'namespace: platform');
    const config = { ...CONFIG, 'policy.yaml': shared('apps', '6.2.x') };
    const files = { 'web.yaml': deploymentText(undefined, { marker: 'platform:podinfo' }) };
    const repositories = { [PODINFO]: ['6.1.0', '6.2.0', '6.3.0'] };
    const { clock, branch, configure, events } = await start({ config, files, repositories });
    expect(image(branch)).toBe(`${PODINFO}:6.2.0`);
    configure({ ...config, 'policy.yaml': shared('other', '6.x') });
    await clock.advance(10 * SECOND);
    expect(image(branch)).toBe(`${PODINFO}:6.2.0`);
    const findings = events.flatMap((event) =>
      event.kind === 'pass' ? event.outcome.pass.findings : [],
    );
    expect(findings).toMatchObject([{ code: 'policy/no-access', severity: 'warning' }]);
    configure({ ...config, 'policy.yaml': shared('apps', '6.x') });
    await clock.advance(10 * SECOND);
    expect(image(branch)).toBe(`${PODINFO}:6.3.0`);
  });

  it('stops the loop of an automation that went or was suspended', async () => {
    const { clock, configure, told } = await start();
    told();
    configure({ ...CONFIG, 'automation.yaml': automationText('update', 'suspend: true') });
    await clock.advance(20 * MINUTE);
    expect(told()).toEqual(['config-loaded']);
    configure({ 'policy.yaml': policyText() });
    await clock.advance(20 * MINUTE);
    expect(told()).toEqual(['config-loaded']);
  });

  it('keeps the former configuration while the new one is invalid, and says so once', async () => {
    const { clock, configure, told, events } = await start();
    told();
    configure({ ...CONFIG, 'bad.yaml': policyText('bad', 'ftp://x') });
    await clock.advance(MINUTE);
    expect(events).toMatchObject([
      { kind: 'config-failed', error: { code: 'resource/invalid', at: { path: 'bad.yaml' } } },
    ]);
    told();
    await clock.advance(4 * MINUTE);
    expect(told()).toEqual(['pass']);
    configure(CONFIG);
    await clock.advance(10 * SECOND);
    expect(told()).toEqual(['config-loaded']);
  });

  it('does not start with an invalid configuration', async () => {
    const { running, branch, told } = await start({
      config: { 'bad.yaml': policyText('bad', '') },
    });
    await expect(running).rejects.toMatchObject({ code: 'resource/invalid', isInputError: true });
    expect(told()).toEqual([]);
    expect(branch.heads).toBe(0);
  });

  it('waits longer after each failure, up to the interval, and then is as before', async () => {
    const { branch, clock, told, events } = await start();
    told();
    branch.failures = Array.from({ length: 10 }, () => new AppError('git/unreachable', 'down'));
    await clock.advance(30 * MINUTE);
    const waits = events.flatMap((event) =>
      event.kind === 'pass-failed' ? [event.retryAt.getTime()] : [],
    );
    expect(waits).toHaveLength(10);
    const gaps = waits.slice(1).map((time, index) => (time - (waits[index] ?? 0)) / SECOND);
    // Half of each wait is random; the test's dice always say 0.5.
    expect(gaps).toEqual([3, 6, 12, 24, 48, 96, 192, 225, 225]);
    expect(told().at(-1)).toBe('pass');
  });

  it('does not come back before the other side said', async () => {
    const { branch, clock, events } = await start();
    branch.failures = [new AppError('git/unreachable', 'wait', { afterMs: 3 * MINUTE })];
    events.length = 0;
    await clock.advance(5 * MINUTE);
    expect(events).toMatchObject([
      { kind: 'pass-failed', retryAt: new Date('2026-06-01T12:08:00Z') },
    ]);
  });

  it('leaves a branch alone that an other automation fails on', async () => {
    const config = {
      ...CONFIG,
      'other.yaml': automationText('other').replace(
        'git: {url: "https://git.example.com/config.git"}',
        'git: {url: "https://git.example.com/other.git", secretRef: {name: missing}}',
      ),
    };
    const { branch, events } = await start({ config });
    expect(image(branch)).toBe(`${PODINFO}:6.2.0`);
    expect(events.filter(({ kind }) => kind === 'pass-failed')).toMatchObject([
      { error: { code: 'secret/not-found' }, automation: { metadata: { name: 'other' } } },
    ]);
  });

  it('ends when it is told to, and closes its branches', async () => {
    const { branch, running, stop, clock, told } = await start();
    told();
    stop();
    await running;
    expect(branch.closed).toBe(1);
    await clock.advance(20 * MINUTE);
    expect(told()).toEqual([]);
  });

  it('ends the pass under way before it stops, that of a loop already replaced, too', async () => {
    const { branch, clock, configure, running, stop, ports } = await start();
    let letGo = (): void => undefined;
    const held = new Promise<void>((resolve) => (letGo = resolve));
    const commit = branch.commit.bind(branch);
    branch.commit = async (request) => {
      await held;
      return commit(request);
    };
    ports.registry.repositories = { [PODINFO]: ['6.3.0'] };
    await clock.advance(5 * MINUTE);
    configure({});
    await clock.advance(10 * SECOND);
    stop();
    let ended = false;
    void running.then(() => (ended = true));
    await settled();
    expect(ended).toBe(false);
    letGo();
    await running;
    expect(image(branch)).toBe(`${PODINFO}:6.3.0`);
    expect(branch.closed).toBe(1);
  });
});

describe('a loop', () => {
  it('lets go of its pass when the time to stop is over', async () => {
    const { branch, clock, running, stop, abort, told } = await start();
    told();
    branch.head = (signal) =>
      new Promise((_, fail) => {
        signal?.addEventListener('abort', () => fail(new AppError('cancelled', 'stopped')));
      });
    await clock.advance(5 * MINUTE);
    stop();
    abort();
    await running;
    expect(told()).toEqual([]);
  });

  it('is not ended by a cancellation that nobody asked for', async () => {
    const { branch, clock, told } = await start();
    told();
    branch.failures = [new AppError('cancelled', 'a defect')];
    await clock.advance(6 * MINUTE);
    expect(told()).toEqual(['pass-failed', 'pass']);
  });
});

describe('the status', () => {
  const NOW = new Date('2026-06-01T12:00:00Z');

  /** Status after the controller's events so far. */
  async function statusAfter(options: Start, more: readonly StandaloneEvent[] = []) {
    const { events, stop, running } = await start(options);
    stop();
    await running;
    return [...events, ...more].reduce<StandaloneStatus>(
      (status, event) => nextStatus(status, event, NOW),
      {},
    );
  }

  it('tells of the last pass, the last push and each policy', async () => {
    expect(await statusAfter({})).toMatchObject({
      'apps/update': {
        ready: true,
        message: 'Update podinfo to 6.2.0',
        lastPass: NOW.toISOString(),
        lastPush: { commit: 'c1', subject: 'Update podinfo to 6.2.0' },
        policies: [
          { policy: 'apps/podinfo', latest: '6.2.0', locations: { total: 1, changed: 1 } },
        ],
        held: [],
        findings: [],
      },
    });
  });

  it('is not ready when something is wrong, and says what', async () => {
    const repositories = { [PODINFO]: new AppError('registry/unauthorized', 'log in') };
    expect(await statusAfter({ repositories })).toMatchObject({
      'apps/update': {
        ready: false,
        message: 'policy.yaml:1:1: ImagePolicy apps/podinfo: log in',
        held: [{ reason: 'ScanFailed' }],
        policies: [{ state: 'failed', message: 'log in' }],
      },
    });
  });

  it.each([
    {
      name: 'all is up to date',
      files: { 'web.yaml': deploymentText(`${PODINFO}:6.2.0`) },
      message: '1 of 1 location up to date',
    },
    {
      name: 'nothing is marked',
      files: { 'web.yaml': 'a: b\n' },
      message: 'no field of the repo belongs to a policy of this automation',
    },
    {
      name: 'its window is closed',
      fields: 'windows: {allow: [{cron: "30 12 * * *", duration: 10m}]}',
      message:
        '1 location to be changed waits until 2026-06-01T12:30:00Z (no allow window is active)',
    },
    {
      name: 'it is suspended',
      fields: 'suspend: true',
      message: 'suspended: nothing is written to the repo',
    },
    {
      name: 'all that may be chosen is older',
      tags: ['5.0.0'],
      message:
        '0 of 1 location up to date, 1 left alone; web.yaml:11:18 holds 6.1.0, which is newer than 5.0.0; set allowDowngrade or a lock to go back',
    },
  ])('tells why nothing is done: $name', async ({ files, tags, fields = '', message }) => {
    const config = { ...CONFIG, 'automation.yaml': automationText('update', fields) };
    const repositories = tags && { [PODINFO]: tags };
    const status = await statusAfter({
      config,
      ...(files && { files }),
      ...(repositories && { repositories }),
    });
    expect(status['apps/update']).toMatchObject({ ready: true, message });
    expect(status['apps/update']).not.toHaveProperty('lastPush');
  });

  it('is not ready where no tag is allowed', async () => {
    const status = await statusAfter({ repositories: { [PODINFO]: ['latest'] } });
    expect(status['apps/update']).toMatchObject({
      ready: false,
      message: expect.stringMatching(/^ImagePolicy apps\/podinfo: /),
    });
  });

  it('keeps what was known when a pass fails, or the configuration does', async () => {
    const automation = {
      metadata: { namespace: 'apps', name: 'update', labels: {} },
    } as ImageUpdateAutomation;
    const error = new AppError('git/unreachable', 'down');
    const status = await statusAfter({}, [
      { kind: 'pass-failed', automation, error, retryAt: NOW },
      { kind: 'config-failed', error },
    ]);
    expect(status['apps/update']).toMatchObject({
      ready: false,
      message: 'down',
      lastPush: { commit: 'c1' },
      policies: [{ policy: 'apps/podinfo' }],
    });
  });

  it('of a first pass that failed is short', () => {
    const automation = {
      metadata: { namespace: 'apps', name: 'update', labels: {} },
    } as ImageUpdateAutomation;
    const error = new AppError('git/unreachable', 'down');
    const event = { kind: 'pass-failed', automation, error, retryAt: NOW } as const;
    expect(nextStatus({}, event, NOW)).toEqual({
      'apps/update': {
        ready: false,
        message: 'down',
        lastPass: NOW.toISOString(),
        policies: [],
        held: [],
        findings: [],
      },
    });
  });

  it('forgets automations that are gone', async () => {
    const resources = {
      policies: new Map(),
      receivers: new Map(),
      automations: new Map(),
      findings: [],
    };
    expect(await statusAfter({}, [{ kind: 'config-loaded', resources }])).toEqual({});
  });
});
