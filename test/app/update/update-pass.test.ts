import { describe, expect, it } from 'vitest';
import { HoldMemory } from '../../../src/app/holds/hold-memory.ts';
import { ManifestReader } from '../../../src/app/read/manifest-reader.ts';
import { viewsOver } from '../../../src/app/scan/recorded-memories.ts';
import { writesOf } from '../../../src/app/update/edit-files.ts';
import type { PassInput } from '../../../src/app/update/pass-request.ts';
import { planPass } from '../../../src/app/update/update-pass.ts';
import { AppError } from '../../../src/domain/errors.ts';
import { mergeResources, NO_RESOURCES } from '../../../src/domain/resources/merge-resources.ts';
import { parseResources } from '../../../src/domain/resources/parse-resources.ts';
import {
  MemoryFiles,
  memoryPorts,
  never,
  type Files,
  type MemoryPorts,
} from '../../support/memory-ports.ts';
import { automationText, deploymentText, policyText, PODINFO } from '../../support/texts.ts';

const REPOSITORIES = { [PODINFO]: ['6.1.0', '6.2.0'], 'docker.io/library/nginx': ['1.27', '1.28'] };

function passOver(
  files: Files,
  input: Partial<PassInput> = {},
  ports: MemoryPorts = memoryPorts({ repositories: REPOSITORIES }),
) {
  const context = {
    reader: new ManifestReader(),
    views: viewsOver(ports),
    now: () => ports.clock.now(),
    cron: ports.cron,
    holds: new HoldMemory(),
  };
  const source = new MemoryFiles(() => files, true);
  const whole = {
    source,
    resources: NO_RESOURCES,
    openPast: async () => ({ kind: 'none', why: 'it has none' }) as const,
    chooseAutomation: ({ automations }: typeof NO_RESOURCES) => automations.values().next().value,
    ...input,
  };
  return planPass(context, whole, never);
}

/** Resources from texts, as from `--policies`. */
function given(...texts: readonly string[]) {
  return mergeResources(
    NO_RESOURCES,
    texts.map((text, index) => parseResources(`given/${index}.yaml`, text)),
  );
}

const images = (edits: readonly { readonly path: string; readonly after: string }[]) =>
  edits.map(({ path, after }) => [path, /image: (\S+)/.exec(after)?.[1]]);

describe('a pass', () => {
  it('reads, scans, selects and edits, and writes nothing', async () => {
    const files = { 'policy.yaml': policyText(), 'web.yaml': deploymentText() };
    const pass = await passOver(files);
    expect(pass.edits).toEqual([
      {
        path: 'web.yaml',
        before: deploymentText(),
        after: deploymentText(`${PODINFO}:6.2.0`),
      },
    ]);
    expect(pass.changes).toMatchObject([{ from: '6.1.0', to: '6.2.0', path: 'web.yaml' }]);
    expect(pass.findings).toEqual([]);
    expect(new TextDecoder().decode(writesOf(pass.edits)[0]?.bytes)).toBe(pass.edits[0]?.after);
  });

  it('with nothing to do has no edits', async () => {
    const web = deploymentText(`${PODINFO}:6.2.0`);
    const pass = await passOver({ 'policy.yaml': policyText(), 'web.yaml': web });
    expect(pass).toMatchObject({ edits: [], changes: [], findings: [] });
  });

  it.each([
    { name: 'that the command line names', input: { update: { strategy: 'Images' } } as const },
    {
      name: 'of an automation that was given',
      input: {
        resources: given(policyText(), automationText('update', 'update: {strategy: Images}')),
      },
    },
  ])('lists a folder once and reads each file once, with the strategy $name', async ({ input }) => {
    const files = {
      'policy.yaml': policyText(),
      'web.yaml': deploymentText(`${PODINFO}:6.2.0`, { marker: '' }),
      'plain.yaml': 'a: b\n',
    };
    const source = new MemoryFiles(() => files, false);
    const pass = await passOver({}, { source, ...input });
    expect(pass.plan.decisions).toHaveLength(1);
    expect(source.usage).toEqual({ lists: 1, reads: ['plain.yaml', 'policy.yaml', 'web.yaml'] });
  });

  it('scans a repository once for all of its policies', async () => {
    const ports = memoryPorts({ repositories: REPOSITORIES });
    const files = {
      'a.yaml': policyText('a'),
      'b.yaml': policyText('b', PODINFO, 'policy: {alphabetical: {}}'),
      'c.yaml': policyText('c', 'nginx'),
    };
    await passOver(files, {}, ports);
    expect(ports.registry.calls.toSorted()).toEqual([
      'list docker.io/library/nginx',
      `list ${PODINFO}`,
    ]);
  });

  it('leaves the fields of a failing registry alone, and goes on with the others', async () => {
    const ports = memoryPorts({
      repositories: { ...REPOSITORIES, [PODINFO]: new AppError('registry/unreachable', 'down') },
    });
    const files = {
      'policy.yaml': policyText(),
      'nginx.yaml': policyText('nginx', 'nginx', 'policy: {alphabetical: {}}'),
      'web.yaml': deploymentText(),
      'proxy.yaml': deploymentText('nginx:1.27', { marker: 'apps:nginx' }),
    };
    const pass = await passOver(files, {}, ports);
    expect(images(pass.edits)).toEqual([['proxy.yaml', 'nginx:1.28']]);
    expect(pass.findings).toEqual([
      {
        severity: 'error',
        code: 'policy/failed',
        message: 'ImagePolicy apps/podinfo: down',
        at: { path: 'policy.yaml', line: 1, column: 1 },
      },
    ]);
    expect(pass.plan.decisions.map(({ reason }) => reason)).toEqual(['NewTag', 'ScanFailed']);
  });

  it('does nothing at all when any resource is invalid', async () => {
    const ports = memoryPorts({ repositories: REPOSITORIES });
    const files = {
      'policy.yaml': policyText(),
      'bad.yaml': policyText('bad', PODINFO, 'policy: {semver: {range: "not a range"}}'),
      'worse.yaml': policyText('worse', PODINFO, 'intervall: 5m'),
      'web.yaml': deploymentText(),
    };
    await expect(passOver(files, {}, ports)).rejects.toMatchObject({
      code: 'resource/invalid',
      isInputError: true,
      at: { path: 'bad.yaml' },
      message: expect.stringMatching(/ \(and 1 more\)$/) as string,
      findings: [{ at: { path: 'bad.yaml' } }, { at: { path: 'worse.yaml' } }],
    });
    expect(ports.registry.calls).toEqual([]);
  });

  it('refuses a file that changed under it, and goes on with the others', async () => {
    const files = {
      'policy.yaml': policyText(),
      'a.yaml': deploymentText(),
      'b.yaml': deploymentText(),
    };
    const source: MemoryFiles = new MemoryFiles(() => {
      const isSecondRead = source.usage.reads.filter((path) => path === 'a.yaml').length > 1;
      return isSecondRead ? { ...files, 'a.yaml': 'x: y\n' } : files;
    }, false);
    const pass = await passOver(files, { source });
    expect(pass.edits.map(({ path }) => path)).toEqual(['b.yaml']);
    expect(pass.changes.map(({ path }) => path)).toEqual(['b.yaml']);
    expect(pass.findings).toMatchObject([
      { severity: 'error', code: 'manifest/unprovable', at: { path: 'a.yaml' } },
    ]);
  });

  it.each([
    {
      name: 'unparsable',
      content: '# {"$imagepolicy": "apps:podinfo"}\na: [',
      code: 'manifest/unparsable',
    },
    {
      name: 'not UTF-8',
      content: new Uint8Array([
        ...new TextEncoder().encode('a: b # {"$imagepolicy": "x:y"}'),
        0xff,
      ]),
      code: 'file/not-utf8',
    },
    { name: 'a link out of the repo', content: { link: '../../etc/passwd' }, code: 'file/outside' },
    {
      name: 'too large, and marked',
      content: `${' '.repeat(5 * 1024 * 1024)}a: b # {"$imagepolicy": "x:y"}`,
      code: 'file/too-large',
    },
    {
      name: 'too large to be searched',
      content: ' '.repeat(32 * 1024 * 1024 + 1),
      code: 'file/too-large',
    },
  ])('reports a file that is $name, and goes on with the others', async ({ content, code }) => {
    const files = {
      'policy.yaml': policyText(),
      'web.yaml': deploymentText(),
      'bad.yaml': content,
    };
    const pass = await passOver(files);
    expect(pass.edits.map(({ path }) => path)).toEqual(['web.yaml']);
    expect(pass.findings).toMatchObject([{ severity: 'error', code, at: { path: 'bad.yaml' } }]);
  });

  it.each([
    { name: 'nothing of ours', key: 'crd', findings: [] },
    {
      name: 'perhaps an image, with the strategy Images',
      key: 'image',
      update: { strategy: 'Images' as const },
      findings: [{ severity: 'warning', code: 'file/too-large', at: { path: 'large.yaml' } }],
    },
  ])('passes over a large file that holds $name', async ({ key, update, findings }) => {
    const large = `${key}: x\n`.padEnd(5 * 1024 * 1024 + 1);
    const files = {
      'policy.yaml': policyText(),
      'web.yaml': deploymentText(),
      'large.yaml': large,
    };
    const pass = await passOver(files, update === undefined ? {} : { update });
    expect(pass.edits.map(({ path }) => path)).toEqual(['web.yaml']);
    expect(pass.findings).toMatchObject(findings);
  });
});

describe('policies that were given', () => {
  it('are all there are: those in the source do not count, even invalid ones', async () => {
    const files = {
      'policy.yaml': policyText('podinfo', PODINFO, 'suspend: true'),
      'bad.yaml': policyText('bad', PODINFO, 'nonsense: true'),
      'web.yaml': deploymentText(),
      'other.yaml': deploymentText('nginx:1', { marker: 'apps:bad' }),
    };
    const pass = await passOver(files, { resources: given(policyText()) });
    expect(images(pass.edits)).toEqual([['web.yaml', `${PODINFO}:6.2.0`]]);
    expect(pass.findings).toMatchObject([
      { severity: 'warning', code: 'marker/unknown-policy', at: { path: 'other.yaml' } },
    ]);
  });

  it('may be absent: then an automation that was given joins the policies of the source', async () => {
    const files = { 'policy.yaml': policyText(), 'web.yaml': deploymentText() };
    const resources = given(automationText('update', 'commit: {author: {email: bot@example.com}}'));
    const pass = await passOver(files, { resources });
    expect(pass.edits).toHaveLength(1);
    expect(pass.author).toEqual({ name: 'Lockkeeper', email: 'bot@example.com' });
  });
});

describe('the automation', () => {
  const files = {
    'policy.yaml': policyText(),
    'a/web.yaml': deploymentText(),
    'b/web.yaml': deploymentText(),
    'ab/plain.yaml': deploymentText(`${PODINFO}:6.1.0`, { marker: '' }),
  };
  const pathsOf = async (automation: string, input: Partial<PassInput> = {}) => {
    const pass = await passOver({ ...files, 'automation.yaml': automation }, input);
    return pass.edits.map(({ path }) => path);
  };

  it.each([
    { update: '{}', want: ['a/web.yaml', 'b/web.yaml'] },
    { update: '{paths: [./a/]}', want: ['a/web.yaml'] },
    { update: '{paths: [b/web.yaml]}', want: ['b/web.yaml'] },
    { update: '{strategy: Images}', want: ['a/web.yaml', 'ab/plain.yaml', 'b/web.yaml'] },
    { update: '{strategy: Images, paths: [a, ab]}', want: ['a/web.yaml', 'ab/plain.yaml'] },
    { update: '{paths: [c]}', want: [] },
  ])('with update $update writes $want', async ({ update, want }) => {
    expect(await pathsOf(automationText('update', `update: ${update}`))).toEqual(want);
  });

  it('is overruled by the command line', async () => {
    const automation = automationText('update', 'update: {paths: [a]}');
    const update = { strategy: 'Images', paths: ['ab'] } as const;
    expect(await pathsOf(automation, { update })).toEqual(['ab/plain.yaml']);
  });

  it('applies only the policies that it selects', async () => {
    const selector = 'policySelector: {matchLabels: {team: web}}';
    expect(await pathsOf(automationText('update', selector))).toEqual([]);
  });

  it('that is suspended updates nothing, and says so', async () => {
    const suspended = automationText('update', 'suspend: true');
    const pass = await passOver({ ...files, 'automation.yaml': suspended });
    expect(pass).toMatchObject({
      edits: [],
      findings: [
        {
          severity: 'warning',
          code: 'automation/suspended',
          message: 'ImageUpdateAutomation apps/update is suspended: nothing is updated',
        },
      ],
    });
  });

  it('may not look outside the repo', async () => {
    await expect(passOver(files, { update: { paths: ['a/../..'] } })).rejects.toMatchObject({
      code: 'resource/invalid',
      message: 'update path "a/../.." leaves the repo; name a path below its root',
    });
  });
});

describe('locks', () => {
  it('tell when the pass is due again', async () => {
    const annotations = [
      'lockkeeper.dev/lock: "6.1.0"',
      'lockkeeper.dev/lock-until: "2026-06-01T13:00:00Z"',
    ];
    const web = deploymentText(`${PODINFO}:6.1.0`, { annotations });
    const pass = await passOver({ 'policy.yaml': policyText(), 'web.yaml': web });
    expect(pass.edits).toEqual([]);
    expect(pass.nextChange).toEqual(new Date('2026-06-01T13:00:00Z'));
    expect(pass.plan.decisions).toMatchObject([{ reason: 'Locked', choice: '6.2.0' }]);
  });

  it('on a tag that the registry lacks change nothing and say so', async () => {
    const annotations = ['lockkeeper.dev/lock: "9.9.9"'];
    const web = deploymentText(`${PODINFO}:6.1.0`, { annotations });
    const pass = await passOver({ 'policy.yaml': policyText(), 'web.yaml': web });
    expect(pass.edits).toEqual([]);
    expect(pass.findings).toMatchObject([{ severity: 'error', code: 'lock/tag-missing' }]);
  });
});
