import { describe, expect, it } from 'vitest';
import type { ImagePolicy } from '../../../src/api/image-policy.ts';
import type { ImageField } from '../../../src/domain/manifest/image-field.ts';
import { assignFields, nameToWrite } from '../../../src/domain/plan/image-slot.ts';
import { policyKey } from '../../../src/domain/plan/policy-view.ts';
import { digest, field, policy, unmarked, view } from '../../support/builders.ts';

function assign(
  fields: readonly ImageField[],
  policies: readonly ImagePolicy[] = [policy()],
  others: readonly string[] = [],
) {
  const views = new Map(policies.map((of) => [policyKey(of), { policy: of }]));
  return assignFields(fields, views, new Set([...views.keys(), ...others]));
}

/** Slots as lists of the values in them. */
function values(fields: readonly ImageField[], policies?: readonly ImagePolicy[]) {
  return assign(fields, policies).slots.map((slot) => slot.fields.map(({ value }) => value));
}

const IMAGE = 'ghcr.io/stefanprodan/podinfo';

describe('a marked field', () => {
  it('belongs to the policy that its marker names, whatever image it holds', () => {
    expect(assign([field('nginx:1.0')])).toMatchObject({
      slots: [{ policy: 'apps/podinfo', fields: [{ value: 'nginx:1.0' }] }],
      findings: [],
    });
  });

  it('of a policy that exists but does not apply here is passed over', () => {
    const { slots, findings } = assign([field('a:1', { marker: 'prod/web' })], [], ['prod/web']);
    expect({ slots, findings }).toEqual({ slots: [], findings: [] });
  });

  it.each([
    { marker: 'prod/podinfo', hint: '; did you mean apps:podinfo?' },
    { marker: 'apps/podinof', hint: '; did you mean apps:podinfo?' },
    { marker: 'apps/something-else', hint: '' },
  ])('of the unknown policy $marker is a warning$hint', ({ marker, hint }) => {
    const { slots, findings } = assign([field('a:1', { marker })]);
    expect(slots).toEqual([]);
    expect(findings).toEqual([
      {
        severity: 'warning',
        code: 'marker/unknown-policy',
        message: `marker names ImagePolicy ${marker}, which is not among the policies${hint}`,
        at: { path: 'app.yaml', line: 3, column: 10 },
      },
    ]);
  });
});

describe('an unmarked field', () => {
  it.each([
    { text: `${IMAGE}:1.0`, image: IMAGE },
    { text: `ghcr.io/stefanprodan/podinfo@${digest('a')}`, image: IMAGE },
    { text: 'nginx:1', image: 'docker.io/library/nginx' },
    { text: 'docker.io/nginx:1', image: 'nginx' },
  ])('$text belongs to the policy of $image', ({ text, image }) => {
    expect(values([unmarked(field(text))], [policy({ image })])).toEqual([[text]]);
  });

  it('belongs to the policy by the written name, not the scanned one', () => {
    const mirrored = policy({ image: 'nginx', writtenName: 'mirror.local/nginx' });
    expect(values([unmarked(field('mirror.local/nginx:1'))], [mirrored])).toHaveLength(1);
    expect(values([unmarked(field('nginx:1'))], [mirrored])).toEqual([]);
  });

  it.each([
    { name: 'another repository', current: { name: 'nginx' } },
    { name: 'no name', current: { tag: '1' } },
    { name: 'a name that is none', current: { name: 'Not A Name' } },
    { name: 'a name with a tag in it', current: { name: `${IMAGE}:1.0`, tag: '2' } },
  ])('with $name is nobody’s', ({ current }) => {
    expect(assign([unmarked(field('x', { current }))])).toEqual({ slots: [], findings: [] });
  });

  it('that two policies claim is nobody’s, and an error', () => {
    const policies = [policy({}, 'apps/web'), policy({}, 'apps/job')];
    const { slots, findings } = assign([unmarked(field(`${IMAGE}:1`))], policies);
    expect(slots).toEqual([]);
    expect(findings).toMatchObject([
      {
        severity: 'error',
        code: 'field/claimed-twice',
        message: expect.stringContaining('(apps/job, apps/web)') as string,
        at: { path: 'app.yaml', line: 3 },
      },
    ]);
  });
});

describe('a slot', () => {
  const tag = (text: string, over: Partial<ImageField> = {}) =>
    field(text, { part: 'tag', ...over });

  it('holds name, tag and digest of one mapping', () => {
    const parts = [
      field('n', { part: 'name', keyPath: ['images', 0, 'newName'] }),
      tag('1', { keyPath: ['images', 0, 'newTag'] }),
      field(digest('a'), { part: 'digest', keyPath: ['images', 0, 'digest'] }),
    ];
    expect(values(parts)).toEqual([['n', '1', digest('a')]]);
  });

  it.each([
    { name: 'mapping', over: { keyPath: ['images', 1, 'newTag'] } },
    { name: 'document', over: { keyPath: ['images', 0, 'newTag'], document: 1 } },
    {
      name: 'file',
      over: { keyPath: ['images', 0, 'newTag'], at: { path: 'b.yaml', line: 1, column: 1 } },
    },
  ])('ends with its $name', ({ over }) => {
    const first = tag('1', { keyPath: ['images', 0, 'newTag'] });
    expect(values([first, tag('2', over)])).toEqual([['1'], ['2']]);
  });

  it('does not hold a whole reference and parts beside it', () => {
    const fields = [field('a:1', { keyPath: ['image'] }), tag('1', { keyPath: ['tag'] })];
    expect(values(fields)).toEqual([['a:1'], ['1']]);
  });

  it('does not hold parts of two policies', () => {
    const other = policy({}, 'apps/other');
    const fields = [tag('1'), tag('2', { marker: 'apps/other' })];
    expect(values(fields, [policy(), other])).toEqual([['1'], ['2']]);
  });

  it('holds one tag: a second one in the mapping is another image’s', () => {
    const fields = [
      field('n', { part: 'name', keyPath: ['webName'] }),
      tag('1', { keyPath: ['webTag'] }),
      field('m', { part: 'name', keyPath: ['jobName'] }),
      tag('2', { keyPath: ['jobTag'] }),
    ];
    expect(values(fields)).toEqual([
      ['n', '1'],
      ['m', '2'],
    ]);
  });
});

describe('the name to write', () => {
  it.each([
    { current: 'nginx', want: 'nginx' },
    { current: 'docker.io/nginx', want: 'docker.io/nginx' },
    { current: 'other', want: 'docker.io/library/nginx' },
    { current: undefined, want: 'docker.io/library/nginx' },
  ])('over $current is $want', ({ current, want }) => {
    expect(nameToWrite(current, view(policy({ image: 'docker.io/library/nginx' })))).toBe(want);
  });
});
