import { describe, expect, it } from 'vitest';
import { changeLock, locksOf, type LockRequest } from '../../../src/app/locks/change-lock.ts';
import { formatLockTarget, parseLockTarget } from '../../../src/app/locks/lock-target.ts';
import {
  FakeClock,
  MemoryBranch,
  MemoryCheckout,
  memoryPorts,
  never,
  type Files,
} from '../../support/memory-ports.ts';
import { deploymentText, policyText } from '../../support/texts.ts';

const NO_SETTINGS = { policies: [] };
const FOLDER = { kind: 'folder', dir: '.' } as const;
const REMOTE = {
  kind: 'remote',
  url: 'https://git.example.com/config.git',
  branch: 'main',
} as const;
const FILES: Files = {
  'policy.yaml': policyText(),
  'readme.md': 'Deployment web',
  'templates/web.yaml': 'kind: Deployment\nmetadata: {name: {{ web }}}\n',
  'web.yaml': deploymentText(),
};
const WISH = { tag: '6.1.0', reason: 'leaks', by: 'ana', until: '2026-12-31T18:00:00Z' };

function inFolder(files: Files = FILES) {
  const checkout = new MemoryCheckout(files);
  const ports = memoryPorts({ checkout });
  const change = (place: string, over: Partial<LockRequest> & { namespace?: string } = {}) =>
    changeLock(
      ports,
      {
        target: FOLDER,
        settings: NO_SETTINGS,
        place: parseLockTarget(place, over.namespace),
        dryRun: false,
        commit: false,
        ...over,
      },
      never,
    );
  const list = () => locksOf(ports, { target: FOLDER, settings: NO_SETTINGS }, never);
  return { checkout, ports, change, list };
}

describe('a place to lock', () => {
  it.each([
    { text: 'Deployment/web', namespace: 'apps', shown: 'Deployment apps/web' },
    { text: 'ImagePolicy/podinfo', namespace: undefined, shown: 'ImagePolicy podinfo' },
    { text: 'charts/values.yaml:14', namespace: undefined, shown: 'charts/values.yaml:14' },
    { text: './values.yaml:1', namespace: undefined, shown: 'values.yaml:1' },
    { text: 'a:b.yaml:3', namespace: undefined, shown: 'a:b.yaml:3' },
  ])('$text in $namespace is $shown', ({ text, namespace, shown }) => {
    expect(formatLockTarget(parseLockTarget(text, namespace))).toBe(shown);
  });

  it.each(['web', 'Deployment/', '/web', 'Deployment/We b', 'a/b/c', 'values.yaml:0', ''])(
    'is not %j',
    (text) => {
      expect(() => parseLockTarget(text, undefined)).toThrow(
        expect.objectContaining({ code: 'usage' }),
      );
    },
  );
});

describe('a lock', () => {
  it.each([
    { place: 'Deployment/web', path: 'web.yaml', target: 'Deployment apps/web', scope: 'workload' },
    { place: 'deployment/web', path: 'web.yaml', target: 'Deployment apps/web', scope: 'workload' },
    {
      place: 'ImagePolicy/podinfo',
      path: 'policy.yaml',
      target: 'ImagePolicy apps/podinfo',
      scope: 'policy',
    },
    { place: 'web.yaml:11', path: 'web.yaml', target: 'web.yaml:11', scope: 'field' },
  ])(
    'on $place is written, listed, and taken away again',
    async ({ place, path, target, scope }) => {
      const { checkout, change, list } = inFolder();
      const locked = await change(place, { wish: WISH });
      expect(locked).toMatchObject({
        change: { action: 'lock', target, path, tag: '6.1.0' },
        edit: { path, before: FILES[path] },
      });
      expect((await list()).locks).toMatchObject([{ ...WISH, scope, target, expired: false }]);

      const again = await change(place, { wish: WISH });
      expect(again).not.toHaveProperty('edit');

      const unlocked = await change(place);
      expect(unlocked.change).toMatchObject({ action: 'unlock', target });
      expect(checkout.files).toEqual(FILES);
      await expect(change(place)).rejects.toMatchObject({
        code: 'manifest/not-found',
        message: expect.stringMatching(/ is not locked$/) as string,
        at: { path },
      });
    },
  );

  it('says who, why and until when in a commit', async () => {
    const { checkout, change } = inFolder();
    const { commit } = await change('Deployment/web', { wish: WISH, commit: true });
    expect(commit).toBe('commit-1');
    expect(checkout.commits).toMatchObject([
      {
        message:
          'Lock Deployment apps/web at 6.1.0\n\nleaks\n\nweb.yaml\n\nImage-Lock: Deployment apps/web 6.1.0\nLock-By: ana\nLock-Until: 2026-12-31T18:00:00Z\n',
        author: { name: 'Lockkeeper' },
      },
    ]);
  });

  it('writes nothing in a dry run', async () => {
    const { checkout, change } = inFolder();
    const { edit } = await change('Deployment/web', { wish: {}, dryRun: true, commit: true });
    expect(edit?.after).toContain('lockkeeper.dev/lock: "true"');
    expect([checkout.writes, checkout.commits.length]).toEqual([0, 0]);
  });

  const twins: Files = {
    'a.yaml': deploymentText(),
    'b.yaml': deploymentText().replace('namespace: apps', 'namespace: prod'),
    'c.yaml': deploymentText().replace('  namespace: apps\n', ''),
  };

  it('on a name that several have needs a namespace', async () => {
    await expect(inFolder(twins).change('Deployment/web', { wish: {} })).rejects.toMatchObject({
      code: 'manifest/ambiguous',
      message:
        'Deployment web is there more than once: a.yaml (Deployment apps/web), b.yaml (Deployment prod/web), c.yaml (Deployment web); narrow it with -n NAMESPACE, or lock FILE:LINE',
    });
  });

  it.each([
    { name: 'a marked field', text: deploymentText(), says: [] },
    { name: 'a field', text: deploymentText('a/b:1', { marker: '' }), says: [] },
    {
      name: 'an image whose tag stands elsewhere',
      text: deploymentText('a/b', { marker: '' }),
      says: [
        'Deployment apps/web states no image tag, so that the lock holds nothing; lock the ImagePolicy, or FILE:LINE of the field',
      ],
    },
  ])('on a resource with $name warns where it would hold nothing', async ({ text, says }) => {
    const { change } = inFolder({
      'web.yaml': `${text}---\n${deploymentText().replace('web', 'b')}`,
    });
    const { edit, findings } = await change('Deployment/web', { wish: {} });
    expect(edit).toBeDefined();
    expect(findings.map(({ message }) => message)).toEqual(says);
  });

  const fluxPolicy =
    'apiVersion: image.toolkit.fluxcd.io/v1\nkind: ImagePolicy\nmetadata: {name: podinfo, namespace: apps}\n';

  it('on ImagePolicy never means the one of Flux', async () => {
    const { change, checkout } = inFolder({ 'flux.yaml': fluxPolicy, 'policy.yaml': policyText() });
    expect((await change('imagepolicy/podinfo', { wish: {} })).edit?.path).toBe('policy.yaml');
    expect(checkout.files['flux.yaml']).toBe(fluxPolicy);
    const alone = inFolder({ 'flux.yaml': fluxPolicy });
    await expect(alone.change('ImagePolicy/podinfo', { wish: {} })).rejects.toMatchObject({
      code: 'manifest/not-found',
    });
  });

  it.each([
    { namespace: 'prod', path: 'b.yaml' },
    // Nobody states it: the one that a kustomization gives a namespace to.
    { namespace: 'other', path: 'c.yaml' },
  ])('in $namespace is on $path', async ({ namespace, path }) => {
    const { change } = inFolder(twins);
    expect((await change('Deployment/web', { namespace, wish: {} })).edit?.path).toBe(path);
  });

  it.each([
    {
      place: 'Deployment/nothing',
      message: 'there is no Deployment nothing here; check kind, name and -n',
    },
    {
      place: 'StatefulSet/web',
      message: 'there is no StatefulSet web here; check kind, name and -n',
    },
    {
      place: 'nothing.yaml:3',
      message: 'there is no nothing.yaml:3 here; name the file as it is in the repo',
    },
    { place: 'web.yaml:1', message: /^no marked field on this line/ },
  ])('on $place, which is not there, is refused', async ({ place, message }) => {
    const error = await inFolder()
      .change(place, { wish: {} })
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'manifest/not-found' });
    expect((error as Error).message).toMatch(message);
  });

  it('on a line of a file too large to edit is refused', async () => {
    const { change } = inFolder({ 'big.yaml': ' '.repeat(5 * 1024 * 1024 + 1) });
    await expect(change('big.yaml:1', { wish: {} })).rejects.toMatchObject({
      code: 'file/too-large',
      at: { path: 'big.yaml' },
    });
    await expect(change('Deployment/web', { wish: {} })).rejects.toMatchObject({
      code: 'manifest/not-found',
    });
  });
});

describe('a lock in a remote repo', () => {
  it('is one commit, planned again when someone else was first', async () => {
    const branch = new MemoryBranch(FILES);
    const ports = memoryPorts({ branch, clock: new FakeClock(undefined, { auto: true }) });
    let races = 1;
    branch.beforePush = () => {
      if (races-- > 0) branch.commitByOther({ 'human.txt': 'kept' });
    };
    const place = parseLockTarget('Deployment/web', 'apps');
    const request = {
      target: REMOTE,
      settings: NO_SETTINGS,
      place,
      wish: WISH,
      dryRun: false,
      commit: false,
    };
    const outcome = await changeLock(ports, request, never);
    expect(outcome).toMatchObject({ commit: 'c3', change: { target: 'Deployment apps/web' } });
    expect(branch.current).toMatchObject({ 'human.txt': 'kept', 'web.yaml': outcome.edit?.after });
    expect(branch.closed).toBe(1);

    const listed = await locksOf(ports, { target: REMOTE, settings: NO_SETTINGS }, never);
    expect(listed.locks).toMatchObject([{ target: 'Deployment apps/web', tag: '6.1.0' }]);

    const again = await changeLock(ports, request, never);
    expect(again).not.toHaveProperty('commit');
    expect(branch.requests).toHaveLength(2);
  });
});

describe('the list of locks', () => {
  it('has locks of all levels by path and line, expired ones too', async () => {
    const annotations = [
      'lockkeeper.dev/lock: "true"',
      'lockkeeper.dev/lock-until: "2026-06-01T12:00:00Z"',
    ];
    const { list } = inFolder({
      'b.yaml': policyText('podinfo', 'nginx', 'lock: {tag: "1.27", reason: slow}'),
      'a.yaml': `${deploymentText(undefined, { annotations })}---\nx: nginx:1 # {"$imagepolicy": "apps:podinfo", "lock": "1.0"}\n`,
      'c.yaml': 'apiVersion: v1\nkind: Pod\nmetadata: {annotations: {fluxcd.io/locked: "true"}}\n',
    });
    const { locks, findings } = await list();
    expect(locks).toMatchObject([
      { scope: 'workload', target: 'Deployment apps/web', expired: true, at: { path: 'a.yaml' } },
      { scope: 'field', target: 'a.yaml:16', tag: '1.0', expired: false },
      { scope: 'policy', target: 'ImagePolicy apps/podinfo', tag: '1.27', reason: 'slow' },
      { scope: 'workload', target: 'c.yaml' },
    ]);
    expect(findings).toEqual([]);
  });

  it('says of what it could not read, as warnings', async () => {
    const { list } = inFolder({
      'a.yaml': 'x: nginx:1 # {"$imagepolicy": "apps:podinfo", "lock": "not a tag"}\n',
      'b.yaml': policyText('bad', 'nginx', 'lock: {tagg: "1.27"}'),
      'c.yaml': new Uint8Array([...new TextEncoder().encode('lock: '), 0xff]),
      'd.txt': 'lock',
    });
    const { locks, findings } = await list();
    expect(locks).toMatchObject([{ target: 'a.yaml:1' }]);
    expect(findings).toMatchObject([
      { severity: 'warning', code: 'lock/invalid', at: { path: 'a.yaml' } },
      { severity: 'warning', code: 'resource/invalid', at: { path: 'b.yaml' } },
      { severity: 'warning', code: 'file/not-utf8', at: { path: 'c.yaml' } },
    ]);
  });
});
