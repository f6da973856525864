import { describe, expect, it } from 'vitest';
import type { ForeignObject } from '../../../src/ports/cluster.ts';
import { AppError } from '../../../src/domain/errors.ts';
import { MemoryCluster } from '../../support/memory-cluster.ts';
import { MemoryBranch, settled } from '../../support/memory-ports.ts';
import { deploymentText, PODINFO } from '../../support/texts.ts';
import {
  AUTOMATION,
  AUTOMATION_SPEC,
  GIT_URL,
  imageIn,
  POLICY,
  POLICY_SPEC,
  stage,
  type Stage,
} from './stage.ts';

const OWN = 'GitRepository apps/fleet';
const SHARED = 'GitRepository flux-system/fleet';
const NEW = `${PODINFO}:6.2.0`;
const OLD = `${PODINFO}:6.1.0`;
const FROM_OWN = { sourceRef: { kind: 'GitRepository', name: 'fleet' } };
const FROM_SHARED = { sourceRef: { ...FROM_OWN.sourceRef, namespace: 'flux-system' } };

const repository = (
  spec: object = {},
  annotations: Readonly<Record<string, string>> = {},
): ForeignObject => ({ annotations, spec: { url: GIT_URL, ref: { branch: 'main' }, ...spec } });

interface Given extends Stage {
  readonly foreign?: Readonly<Record<string, ForeignObject | AppError>>;
}

/** A controller of an automation with this spec. */
async function running(spec: unknown, { foreign = {}, ...given }: Given = {}) {
  const cluster = given.cluster ?? new MemoryCluster();
  for (const [key, object] of Object.entries(foreign)) cluster.foreign.set(key, object);
  const made = stage({ ...given, cluster });
  cluster.apply('ImagePolicy', POLICY, POLICY_SPEC);
  cluster.apply('ImageUpdateAutomation', AUTOMATION, spec);
  const ended = made.start();
  await settled();
  const ready = () => {
    const { conditions = [] } = cluster.status<{
      conditions?: readonly { type: string; status: string; reason: string; message: string }[];
    }>('ImageUpdateAutomation', AUTOMATION);
    const found = conditions.find(({ type }) => type === 'Ready');
    return `${found?.status} ${found?.reason}: ${found?.message}`;
  };
  return { ...made, ended, ready, image: () => imageIn(made.branch) };
}

describe('an automation with a sourceRef', () => {
  it('writes to the branch that the GitRepository follows, with the login that it names', async () => {
    const cluster = new MemoryCluster({ 'apps/login': { username: 'bot', password: 'secret' } });
    const foreign = {
      [OWN]: repository({ ref: { branch: 'prod' }, secretRef: { name: 'login' } }),
    };
    const { image, ready, opened, stop } = await running(FROM_OWN, { cluster, foreign });
    expect(image()).toBe(NEW);
    expect(ready()).toContain('True Succeeded');
    expect(opened).toEqual([
      { url: GIT_URL, branch: 'prod', basic: { username: 'bot', password: 'secret' } },
    ]);
    expect(cluster.status('ImageUpdateAutomation', AUTOMATION)).toMatchObject({
      lastPush: { branch: 'prod' },
    });
    stop.abort();
  });

  it('logs in as the GitHub App that Flux logs in as', async () => {
    const cluster = new MemoryCluster({
      'apps/app': {
        githubAppID: '12',
        githubAppInstallationOwner: 'org',
        githubAppPrivateKey: 'KEY',
      },
    });
    const url = 'https://github.com/org/fleet';
    const spec = { url, provider: 'github', secretRef: { name: 'app' } };
    const branches = { [url]: new MemoryBranch({ 'web.yaml': deploymentText() }) };
    const foreign = { [OWN]: repository(spec) };
    const { ready, opened, stop } = await running(FROM_OWN, { cluster, foreign, branches });
    expect(ready()).toContain('True Succeeded');
    const app = {
      id: '12',
      installation: { owner: 'org' },
      privateKey: 'KEY',
      apiUrl: 'https://api.github.com',
      source: 'Secret apps/app',
    };
    expect(opened).toEqual([{ url, branch: 'main', provider: { provider: 'github', app } }]);
    stop.abort();
  });

  it('has no commits signed by GitHub where the GitRepository brings no App', async () => {
    const spec = { ...FROM_OWN, commit: { signedBy: 'github' } };
    const foreign = { [OWN]: repository() };
    const { image, ready, stop } = await running(spec, { foreign });
    expect(ready()).toMatch(
      /^False InvalidSpec: spec\.commit\.signedBy: GitHub signs the commits of a GitHub App alone/,
    );
    expect(image()).toBe(OLD);
    stop.abort();
  });

  it('follows a change of the GitRepository with its next run, and lets go of the former repo', async () => {
    const files = { 'web.yaml': deploymentText() };
    const other = new MemoryBranch(files);
    const url = 'https://git.example.com/other.git';
    const first = new MemoryBranch(files);
    const branches = { [GIT_URL]: first, [url]: other };
    const foreign = { [OWN]: repository() };
    const { cluster, clock, stop } = await running(FROM_OWN, { branches, foreign });
    expect([imageIn(first), imageIn(other)]).toEqual([NEW, OLD]);
    cluster.foreign.set(OWN, repository({ url }));
    await clock.advance(300_000);
    expect(imageIn(other)).toBe(NEW);
    expect([first.closed, other.closed]).toEqual([1, 0]);
    stop.abort();
  });

  it('waits for a GitRepository that is not there, and says so', async () => {
    const { image, ready, cluster, clock, stop } = await running(FROM_OWN);
    expect(ready()).toBe('False SourceNotFound: there is no GitRepository apps/fleet');
    cluster.foreign.set(OWN, repository());
    await clock.advance(10_000);
    expect(image()).toBe(NEW);
    expect(ready()).toContain('True Succeeded');
    stop.abort();
  });

  it('writes nothing while the GitRepository is suspended, and looks again', async () => {
    const foreign = { [OWN]: repository({ suspend: true }) };
    const { image, ready, cluster, clock, stop } = await running(FROM_OWN, { foreign });
    expect(image()).toBe(OLD);
    expect(ready()).toBe(
      'True Suspended: GitRepository apps/fleet is suspended: nothing is written to the repo',
    );
    cluster.foreign.set(OWN, repository());
    await clock.advance(300_000);
    expect(image()).toBe(NEW);
    stop.abort();
  });

  it('is told when the GitRepository follows a tag', async () => {
    const foreign = { [OWN]: repository({ ref: { tag: 'v1' } }) };
    const { image, ready, stop } = await running(FROM_OWN, { foreign });
    expect(image()).toBe(OLD);
    expect(ready()).toMatch(
      /^False SourceInvalid: GitRepository apps\/fleet follows spec\.ref\.tag/,
    );
    stop.abort();
  });

  it('is told when the API server does not let the GitRepository be read', async () => {
    const forbidden = new AppError('cluster/forbidden', 'not allowed to get it', { retry: true });
    const { ready, stop } = await running(FROM_OWN, { foreign: { [OWN]: forbidden } });
    expect(ready()).toBe('False AccessDenied: not allowed to get it');
    stop.abort();
  });

  it('tries at once when the Secret of the GitRepository is there', async () => {
    const spec = { secretRef: { name: 'login' } };
    const foreign = {
      [SHARED]: repository(spec, { 'lockkeeper.dev/access-from': 'web, apps' }),
    };
    const { image, ready, cluster, stop } = await running(FROM_SHARED, { foreign });
    expect(ready()).toBe('False SecretNotFound: there is no Secret flux-system/login');
    cluster.setSecret('flux-system/login', { username: 'bot', password: 'secret' });
    await settled();
    expect(image()).toBe(NEW);
    expect(new Set(cluster.secretReads)).toEqual(new Set(['flux-system/login']));
    stop.abort();
  });
});

describe('a GitRepository of another namespace', () => {
  it.each([
    ['names the namespace', 'apps', true],
    ['names it among others', 'web, apps', true],
    ['says all', '*', true],
    ['names another', 'app', false],
    ['is empty', '', false],
  ])('whose annotation %s lends its login: %s → %s', async (_, annotation, isGranted) => {
    const foreign = { [SHARED]: repository({}, { 'lockkeeper.dev/access-from': annotation }) };
    const { image, ready, stop } = await running(FROM_SHARED, { foreign });
    expect(image()).toBe(isGranted ? NEW : OLD);
    if (!isGranted) {
      expect(ready()).toBe(
        'False AccessDenied: GitRepository flux-system/fleet grants namespace apps no access; its owner can annotate it with lockkeeper.dev/access-from: apps',
      );
    }
    stop.abort();
  });

  it('is not even read with --no-cross-namespace-refs', async () => {
    const foreign = { [SHARED]: new AppError('internal', 'was read') };
    const options = { crossNamespaceRefs: false };
    const { image, ready, stop } = await running(FROM_SHARED, { foreign, options });
    expect(image()).toBe(OLD);
    expect(ready()).toMatch(/^False AccessDenied: .+switched off \(--no-cross-namespace-refs\)$/);
    stop.abort();
  });
});

describe('reconcileAfterPush', () => {
  const asking = (...reconcileAfterPush: readonly object[]) => ({
    ...AUTOMATION_SPEC,
    reconcileAfterPush,
  });

  it('asks each object by the annotation that its controller knows, after a push only', async () => {
    const foreign = Object.fromEntries(
      ['GitRepository apps/fleet', 'HelmRelease apps/web', 'Application apps/web'].map((key) => [
        key,
        repository(),
      ]),
    );
    const spec = asking(
      { kind: 'GitRepository', name: 'fleet' },
      { kind: 'HelmRelease', name: 'web' },
      { kind: 'Application', name: 'web' },
    );
    const { cluster, clock, stop } = await running(spec, { foreign });
    const flux = { 'reconcile.fluxcd.io/requestedAt': '2026-06-01T12:00:00.000Z' };
    expect(cluster.annotated).toEqual([
      ['GitRepository apps/fleet', flux],
      ['HelmRelease apps/web', flux],
      ['Application apps/web', { 'argocd.argoproj.io/refresh': 'normal' }],
    ]);
    await clock.advance(600_000);
    expect(cluster.annotated).toHaveLength(3);
    stop.abort();
  });

  it('tells by Events of those that it could not ask, asks the others, and stays ready', async () => {
    const foreign = {
      'Kustomization flux-system/apps': repository(),
      'Kustomization flux-system/open': repository({}, { 'lockkeeper.dev/access-from': '*' }),
      'Kustomization apps/closed': new AppError('cluster/forbidden', 'not allowed to patch it'),
    };
    const spec = asking(
      { kind: 'Kustomization', name: 'apps', namespace: 'flux-system' },
      { kind: 'Kustomization', name: 'gone' },
      { kind: 'Kustomization', name: 'closed' },
      { kind: 'Kustomization', name: 'open', namespace: 'flux-system' },
    );
    const { cluster, ready, told, stop } = await running(spec, { foreign });
    expect(cluster.annotated.map(([key]) => key)).toEqual(['Kustomization flux-system/open']);
    expect(ready()).toContain('True Succeeded');
    const warnings = cluster.told().filter((line) => line.includes('RequestFailed'));
    expect(warnings.toSorted()).toEqual([
      'Warning RequestFailed apps/update: Kustomization apps/closed was not asked to reconcile: not allowed to patch it',
      'Warning RequestFailed apps/update: Kustomization apps/gone was not asked to reconcile: there is no such object',
      expect.stringMatching(
        /^Warning RequestFailed apps\/update: Kustomization flux-system\/apps was not asked to reconcile: .+ grants namespace apps no access/,
      ),
    ]);
    expect(told().filter((kind) => kind === 'request-failed')).toHaveLength(3);
    stop.abort();
  });
});
