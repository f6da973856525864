import { describe, expect, it } from 'vitest';
import { validate } from '../../src/app/validate.ts';
import { formatLocation } from '../../src/domain/errors.ts';
import { MemoryFiles, never, type Files } from '../support/memory-ports.ts';
import { automationText, deploymentText, policyText, PODINFO } from '../support/texts.ts';

async function faults(files: Files, ...policies: readonly Files[]) {
  const open = (of: Files) => new MemoryFiles(() => of, false);
  const findings = await validate(open(files), policies.map(open), never);
  return findings.map(
    ({ at, severity, code }) => `${at === undefined ? '' : formatLocation(at)} ${severity} ${code}`,
  );
}

const GOOD: Files = {
  'policy.yaml': policyText(),
  'automation.yaml': automationText(),
  'web.yaml': deploymentText(),
  'plain.yaml': 'a: b\n',
  'notes.txt': 'a: [',
};

const UNMARKED = deploymentText(undefined, { marker: '' });

describe('validation', () => {
  it('finds nothing wrong with what is right', async () => {
    expect(await faults(GOOD)).toEqual([]);
  });

  it.each([
    {
      name: 'a marker for a policy that is not there',
      file: deploymentText(undefined, { marker: 'apps:other' }),
      want: ['x.yaml:11:18 error marker/unknown-policy'],
    },
    {
      name: 'a malformed marker',
      file: 'a: b # {"$imagepolicy": "nonsense"}\n',
      want: ['x.yaml:1:6 error marker/malformed'],
    },
    {
      name: 'a marker behind nothing',
      file: 'a:\n  # {"$imagepolicy": "apps:podinfo"}\n',
      want: ['x.yaml:2:3 error marker/dangling'],
    },
    {
      name: 'YAML that does not parse',
      file: 'a: [\n',
      want: ['x.yaml:2:1 error manifest/unparsable'],
    },
    {
      name: 'a template',
      file: '{{ if .x }}\na: [\n',
      want: ['x.yaml:2:2 warning manifest/unparsable'],
    },
    {
      // As in an update: the field that is marked there cannot be updated.
      name: 'a template with a marker',
      file: '{{ if .x }}\na: x:1 # {"$imagepolicy": "apps:podinfo"}\n',
      want: ['x.yaml:2:2 error manifest/unparsable'],
    },
    {
      name: 'an unknown field of a resource',
      file: policyText('x', 'nginx', 'intervall: 5m'),
      want: ['x.yaml:7:3 error resource/invalid'],
    },
    {
      name: 'a policy with the name of another',
      file: policyText(),
      want: ['x.yaml:1:1 error resource/invalid'],
    },
    {
      name: 'a lock that makes no sense',
      file: deploymentText(undefined, { annotations: ['lockkeeper.dev/lock: "a b"'] }),
      want: ['x.yaml:7:26 error lock/invalid'],
    },
    {
      name: 'bytes that are no UTF-8',
      file: new Uint8Array([0x61, 0x3a, 0x20, 0xff]),
      want: ['x.yaml error file/not-utf8'],
    },
    {
      name: 'a file too large to read, and marked',
      file: `${' '.repeat(5 * 1024 * 1024)}a: b # {"$imagepolicy": "x:y"}`,
      want: ['x.yaml error file/too-large'],
    },
    {
      name: 'a link out of the folder',
      file: { link: '/etc/passwd' },
      want: ['x.yaml error file/outside'],
    },
    {
      name: 'nothing in a large file that is none of ours',
      file: 'a'.repeat(5 * 1024 ** 2 + 1),
      want: [],
    },
  ])('finds $name', async ({ file, want }) => {
    expect(await faults({ ...GOOD, 'x.yaml': file })).toEqual(want);
  });

  it('says once that a file with resources does not parse', async () => {
    expect(await faults({ ...GOOD, 'x.yaml': `${policyText('x')}  a: [\n` })).toEqual([
      'x.yaml:8:1 error manifest/unparsable',
    ]);
  });

  it('sorts by file and line', async () => {
    const twice = [
      deploymentText(undefined, { marker: 'a:b' }),
      deploymentText(undefined, { marker: 'a:c' }),
    ].join('---\n');
    expect(await faults({ ...GOOD, 'z.yaml': 'a: [\n', 'b.yaml': twice })).toEqual([
      'b.yaml:11:18 error marker/unknown-policy',
      'b.yaml:23:18 error marker/unknown-policy',
      'z.yaml:2:1 error manifest/unparsable',
    ]);
  });

  it('finds fields that two policies claim, where unmarked fields are updated', async () => {
    const files = {
      'a.yaml': policyText('a'),
      'b.yaml': policyText('b'),
      'live/web.yaml': UNMARKED,
      'test/web.yaml': UNMARKED,
    };
    const images = (more: string) => automationText('update', `update: {strategy: Images${more}}`);
    expect(await faults(files)).toEqual([]);
    expect(await faults({ ...files, 'u.yaml': images('') })).toEqual([
      'live/web.yaml:11:18 error field/claimed-twice',
      'test/web.yaml:11:18 error field/claimed-twice',
    ]);
    expect(await faults({ ...files, 'u.yaml': images(', paths: [live]') })).toEqual([
      'live/web.yaml:11:18 error field/claimed-twice',
    ]);
  });

  it('takes policies from elsewhere for all there are', async () => {
    const files = { 'web.yaml': deploymentText(), 'policy.yaml': policyText() };
    expect(await faults(files, { 'p.yaml': policyText() })).toEqual([]);
    expect(await faults(files, { 'p.yaml': policyText('other', PODINFO) })).toEqual([
      'web.yaml:11:18 error marker/unknown-policy',
    ]);
  });

  it('takes policies of one cluster of a repo that has several of the same names', async () => {
    const cluster = { 'policy.yaml': policyText() };
    const files = {
      'a/policy.yaml': policyText(),
      'b/policy.yaml': policyText(),
      'b/bad.yaml': policyText('other', PODINFO, 'colour: red'),
      'web.yaml': deploymentText(),
    };
    expect(await faults(files, cluster)).toEqual(['b/bad.yaml:7:3 error resource/invalid']);
    expect(await faults(files)).toContain('b/policy.yaml:1:1 error resource/invalid');
  });

  it('tells once what is wrong with policies that are given and in the folder, too', async () => {
    const bad = { 'policies/p.yaml': policyText('other', PODINFO, 'colour: red') };
    expect(await faults(bad, bad)).toEqual(['policies/p.yaml:7:3 error resource/invalid']);
  });

  it.each([
    { name: 'a chain', prod: 'staging', staging: [], want: [] },
    {
      name: 'a policy that is not there',
      prod: 'stagin',
      staging: [],
      want: ['prod.yaml:2 error policy/failed'],
    },
    {
      name: 'a circle',
      prod: 'staging',
      staging: ['promoteFrom: {policy: prod}'],
      want: ['prod.yaml:2 error policy/failed', 'staging.yaml:2 error policy/failed'],
    },
  ])('looks where policies are promoted from: $name', async ({ prod, staging, want }) => {
    const files = {
      'prod.yaml': policyText('prod', PODINFO, `promoteFrom: {policy: ${prod}}`),
      'staging.yaml': policyText('staging', PODINFO, ...staging),
    };
    const found = await faults(files);
    expect(found.map((fault) => fault.replace(/:\d+:\d+/, ':2'))).toEqual(want);
  });

  it('takes a policy that is promoted from an invalid one for what it is', async () => {
    const prod = policyText('prod', PODINFO, 'promoteFrom: {policy: staging}');
    const files = { 'prod.yaml': prod, 'staging.yaml': policyText('staging', 'a:b:c') };
    const found = await faults(files);
    expect(found.filter((fault) => fault.startsWith('prod.yaml'))).toEqual([]);
    expect(found).toHaveLength(1);
  });

  it('does not call a policy unknown that is there but invalid', async () => {
    const files = { 'web.yaml': deploymentText(), 'p.yaml': policyText('podinfo', 'A b') };
    expect(await faults(files)).toEqual(['p.yaml:5:10 error image/invalid']);
  });
});
