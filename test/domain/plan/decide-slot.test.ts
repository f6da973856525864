import { describe, expect, it } from 'vitest';
import type { ImageField } from '../../../src/domain/manifest/image-field.ts';
import { decideSlot } from '../../../src/domain/plan/decide-slot.ts';
import type { ImageSlot } from '../../../src/domain/plan/image-slot.ts';
import type { PolicyView } from '../../../src/domain/plan/policy-view.ts';
import { digest, field, lock, policy, slot, unmarked, view } from '../../support/builders.ts';

const NOW = new Date('2026-06-01T12:00:00Z');
const IMAGE = 'ghcr.io/stefanprodan/podinfo';
const TAGS = ['6.0.0', '6.1.0', '6.2.0'];
const [OLD, NEW] = [digest('a'), digest('b')];
const DIGESTS = { '6.0.0': digest('0'), '6.1.0': OLD, '6.2.0': NEW };

function decide(of: ImageSlot, by: PolicyView) {
  return decideSlot(of, by, { now: NOW });
}

/** The decision's edits as new values. */
function written(of: ImageSlot, by: PolicyView): readonly string[] {
  return decide(of, by).edits.map(({ value }) => value);
}

const plain = view(policy(), { tags: TAGS });

describe('without a lock', () => {
  it('moves to the choice', () => {
    expect(decide(slot(field(`${IMAGE}:6.1.0`)), plain)).toMatchObject({
      reason: 'NewTag',
      message: '6.1.0 -> 6.2.0',
      current: '6.1.0',
      choice: '6.2.0',
      target: '6.2.0',
      edits: [{ value: `${IMAGE}:6.2.0` }],
    });
  });

  it('says so when a new tag takes the digest away', () => {
    const of = slot(field(`${IMAGE}:6.1.0@${OLD}`));
    const decision = decide(of, plain);
    expect(decision.message).toBe(
      `6.1.0@${OLD} -> 6.2.0; the digest goes, because digestReflectionPolicy is Never`,
    );
  });

  it('leaves a slot alone that holds a tag which waits, rather than going back', () => {
    const firstSeen = NOW;
    const waiting = {
      kind: 'waiting',
      reason: 'MinimumAge',
      message: 'waits',
      firstSeen,
      eligibleAt: NOW,
    } as const;
    const passedOver = [{ tag: '6.2.0', verdict: waiting }];
    const choice = { kind: 'selected', tag: '6.1.0' } as const;
    const of = view(policy({ allowDowngrade: true }), { tags: TAGS, passedOver, choice });
    expect(decide(slot(field(`${IMAGE}:6.2.0`)), of)).toMatchObject({
      reason: 'MinimumAge',
      edits: [],
    });
  });

  it('says that a slot holds the newest already', () => {
    const decision = decide(slot(field(`${IMAGE}:6.2.0`)), plain);
    expect(decision).toMatchObject({
      reason: 'UpToDate',
      message: 'holds 6.2.0, the newest that the policy allows',
      edits: [],
    });
    expect(decision).not.toHaveProperty('target');
  });

  it('fills in a tag where there is none', () => {
    const decision = decide(slot(field(IMAGE)), plain);
    expect(decision).toMatchObject({ reason: 'NewTag', message: 'no tag -> 6.2.0' });
    expect(decision).not.toHaveProperty('current');
    expect(decision.edits).toMatchObject([{ value: `${IMAGE}:6.2.0` }]);
  });

  it.each([
    {
      reason: 'Suspended',
      choice: { kind: 'suspended' },
      message: 'ImagePolicy apps/podinfo is suspended',
    },
    {
      reason: 'ScanFailed',
      choice: { kind: 'failed', message: 'it is down' },
      message: 'it is down',
    },
    {
      reason: 'NoMatchingTag',
      choice: { kind: 'none', message: 'the repository has no tags' },
      message: 'the repository has no tags',
    },
  ] as const)('stays, with reason $reason', ({ reason, choice, message }) => {
    const decision = decide(slot(field(`${IMAGE}:6.1.0`)), view(policy(), { choice }));
    expect(decision).toMatchObject({ reason, message, edits: [] });
    expect(decision).not.toHaveProperty('choice');
  });

  it.each([
    { held: '7.0.0', allowDowngrade: false, reason: 'Downgrade' },
    { held: '7.0.0', allowDowngrade: true, reason: 'NewTag' },
    // What the policy cannot order is neither older nor newer.
    { held: 'latest', allowDowngrade: false, reason: 'NewTag' },
    { held: 'v6.2.0', allowDowngrade: false, reason: 'NewTag' },
  ])(
    'moves from $held to 6.2.0 with allowDowngrade $allowDowngrade by reason $reason',
    ({ held, allowDowngrade, reason }) => {
      const by = view(policy({ allowDowngrade }), { tags: TAGS });
      const decision = decide(slot(field(`${IMAGE}:${held}`)), by);
      expect(decision.reason).toBe(reason);
      expect(decision.edits).toHaveLength(reason === 'NewTag' ? 1 : 0);
    },
  );

  it('names both tags of a refused downgrade, and the mend', () => {
    const { message } = decide(slot(field(`${IMAGE}:7.0.0`)), plain);
    expect(message).toBe(
      'holds 7.0.0, which is newer than 6.2.0; set allowDowngrade or a lock to go back',
    );
  });
});

describe('the value written', () => {
  it.each([
    { name: 'a marked reference', of: field(`${IMAGE}:6.1.0`), want: `${IMAGE}:6.2.0` },
    { name: 'a marked tag', of: field('6.1.0', { part: 'tag' }), want: '6.2.0' },
    { name: 'a marked empty tag', of: field('', { part: 'tag' }), want: '6.2.0' },
    { name: 'a marked name of another image', of: field('nginx', { part: 'name' }), want: IMAGE },
    {
      name: 'an unmarked tag',
      of: unmarked(field('6.1.0', { part: 'tag', current: { name: IMAGE, tag: '6.1.0' } })),
      want: '6.2.0',
    },
    { name: 'text that is no reference', of: field('not an image!'), want: `${IMAGE}:6.2.0` },
  ] satisfies { name: string; of: ImageField; want: string }[])(
    'of $name is $want',
    ({ of, want }) => {
      expect(written(slot(of), plain)).toEqual([want]);
    },
  );

  it('leaves a marked name alone that means the same repository', () => {
    const decision = decide(slot(field(IMAGE, { part: 'name' })), plain);
    expect(decision).toMatchObject({
      reason: 'UpToDate',
      message: 'is what the policy writes already',
      edits: [],
    });
  });

  it.each([
    { held: 'nginx', image: 'docker.io/library/nginx' },
    { held: 'docker.io/library/nginx', image: 'nginx' },
    { held: 'index.docker.io/library/nginx', image: 'nginx' },
  ])('keeps the spelling $held of $image', ({ held, image }) => {
    const by = view(policy({ image }), { tags: ['1.27.0', '1.28.0'] });
    expect(written(slot(field(`${held}:1.27.0`)), by)).toEqual([`${held}:1.28.0`]);
  });

  it('writes the name of the mirror instead of the one that is scanned', () => {
    const by = view(policy({ writtenName: 'mirror.local:5000/podinfo' }), { tags: TAGS });
    expect(written(slot(field(`${IMAGE}:6.1.0`)), by)).toEqual(['mirror.local:5000/podinfo:6.2.0']);
    expect(written(slot(field('mirror.local:5000/podinfo:6.1.0')), by)).toEqual([
      'mirror.local:5000/podinfo:6.2.0',
    ]);
  });

  it('moves all parts of one image together', () => {
    const by = view(policy({ digestReflectionPolicy: 'Always' }), { tags: TAGS, digests: DIGESTS });
    const parts = slot(
      field('nginx', { part: 'name' }),
      field('6.1.0', { part: 'tag', separateDigest: true }),
      field(OLD, { part: 'digest', separateDigest: true }),
    );
    expect(written(parts, by)).toEqual([IMAGE, '6.2.0', NEW]);
    expect(decide(parts, by).target).toBe(`6.2.0@${NEW}`);
  });
});

describe('digests', () => {
  const reference = (tag: string, at?: string) =>
    slot(field(`${IMAGE}:${tag}${at === undefined ? '' : `@${at}`}`));
  const by = (digestReflectionPolicy: 'Never' | 'IfNotPresent' | 'Always') =>
    view(policy({ digestReflectionPolicy }), {
      tags: TAGS,
      digests: digestReflectionPolicy === 'Never' ? {} : DIGESTS,
    });

  it.each([
    { mode: 'Never', tag: '6.1.0', at: undefined, want: '6.2.0' },
    { mode: 'Never', tag: '6.1.0', at: OLD, want: '6.2.0' },
    { mode: 'Never', tag: '6.2.0', at: OLD, want: undefined },
    { mode: 'IfNotPresent', tag: '6.1.0', at: undefined, want: `6.2.0@${NEW}` },
    { mode: 'IfNotPresent', tag: '6.1.0', at: OLD, want: `6.2.0@${NEW}` },
    { mode: 'IfNotPresent', tag: '6.2.0', at: undefined, want: `6.2.0@${NEW}` },
    { mode: 'IfNotPresent', tag: '6.2.0', at: OLD, want: undefined },
    { mode: 'Always', tag: '6.1.0', at: undefined, want: `6.2.0@${NEW}` },
    { mode: 'Always', tag: '6.2.0', at: OLD, want: `6.2.0@${NEW}` },
    { mode: 'Always', tag: '6.2.0', at: NEW, want: undefined },
  ] as const)('$mode: $tag@$at becomes $want', ({ mode, tag, at, want }) => {
    expect(written(reference(tag, at), by(mode))).toEqual(
      want === undefined ? [] : [`${IMAGE}:${want}`],
    );
  });

  it('gives a reference by digest alone its tag as well', () => {
    expect(written(slot(field(`${IMAGE}@${OLD}`)), by('Always'))).toEqual([
      `${IMAGE}:6.2.0@${NEW}`,
    ]);
  });

  it.each([
    {
      name: 'a marked tag holds the tag alone',
      of: field('6.1.0', { part: 'tag' }),
      want: '6.2.0',
    },
    {
      name: 'a marked tag that holds a digest keeps that form',
      of: field(`6.1.0@${OLD}`, { part: 'tag', current: { tag: '6.1.0', digest: OLD } }),
      want: `6.2.0@${NEW}`,
    },
    {
      name: 'an unmarked tag takes the digest in',
      of: unmarked(field('6.1.0', { part: 'tag' })),
      want: `6.2.0@${NEW}`,
    },
    {
      name: 'a tag with a digest field beside it does not',
      of: unmarked(field('6.1.0', { part: 'tag', separateDigest: true })),
      want: '6.2.0',
    },
    { name: 'a marked digest', of: field(OLD, { part: 'digest' }), want: NEW },
  ])('$name', ({ of, want }) => {
    expect(written(slot(of), by('Always'))).toEqual([want]);
  });

  it('does not strip the digest from a marked tag that is up to date', () => {
    const of = field(`6.2.0@${OLD}`, { part: 'tag', current: { tag: '6.2.0', digest: OLD } });
    expect(decide(slot(of), by('Never'))).toMatchObject({ reason: 'UpToDate', edits: [] });
  });

  it('follows one mutable tag by its digest', () => {
    const following = view(policy({ policy: { digest: { tag: 'stable' } } }), {
      choice: { kind: 'selected', tag: 'stable', digest: NEW },
    });
    expect(written(reference('stable', OLD), following)).toEqual([`${IMAGE}:stable@${NEW}`]);
    expect(written(reference('stable'), following)).toEqual([`${IMAGE}:stable@${NEW}`]);
    expect(decide(reference('stable', NEW), following).reason).toBe('UpToDate');
  });

  const apart = (tag: string, at: string) => {
    const current = { name: IMAGE, tag, ...(at === '' ? {} : { digest: at }) };
    return slot(
      unmarked(field(tag, { part: 'tag', separateDigest: true, current })),
      unmarked(field(at, { part: 'digest', separateDigest: true, current })),
    );
  };

  it('does not move a tag past a digest beside it that would win', () => {
    expect(decide(apart('6.1.0', OLD), by('Never'))).toMatchObject({
      reason: 'PinnedByDigest',
      edits: [],
      finding: {
        severity: 'warning',
        code: 'field/unsupported',
        at: { path: 'app.yaml', line: 3 },
      },
    });
  });

  it('moves a tag beside an empty digest field', () => {
    expect(written(apart('6.1.0', ''), by('Never'))).toEqual(['6.2.0']);
  });

  it('is content with a pinned image whose tag is the choice', () => {
    expect(decide(apart('6.2.0', OLD), by('Never')).reason).toBe('UpToDate');
  });

  it('moves tag and digest in fields of their own together', () => {
    expect(written(apart('6.1.0', OLD), by('IfNotPresent'))).toEqual(['6.2.0', NEW]);
  });
});

describe('a lock', () => {
  const locked = (text: string, over: Parameters<typeof lock>[0]) =>
    slot(field(`${IMAGE}:${text}`, { locks: [lock(over)] }));

  it('without a tag holds what is there, and shows what would be chosen', () => {
    const decision = decide(locked('6.0.0', { by: 'ana', reason: 'leak' }), plain);
    expect(decision).toMatchObject({
      reason: 'Locked',
      message: 'locked at 6.0.0 by ana (leak)',
      choice: '6.2.0',
      edits: [],
      lock: { by: 'ana' },
    });
  });

  it.each(['6.2.0', '6.0.0', 'latest'])('drives a field from %s to its tag', (held) => {
    const decision = decide(locked(held, { tag: '6.1.0', until: '2026-06-02T00:00:00Z' }), plain);
    expect(decision).toMatchObject({
      reason: 'Locked',
      message: 'locked at 6.1.0 until 2026-06-02T00:00:00Z',
      target: '6.1.0',
      edits: [{ value: `${IMAGE}:6.1.0` }],
    });
  });

  it('keeps a field at its tag', () => {
    const decision = decide(locked('6.1.0', { tag: '6.1.0' }), plain);
    expect(decision).toMatchObject({ reason: 'Locked', edits: [] });
  });

  it.each([
    { held: '6.2.0', severity: 'error' },
    { held: '9.9.9', severity: 'warning' },
  ])('on a tag that the registry lacks leaves $held, with a $severity', ({ held, severity }) => {
    expect(decide(locked(held, { tag: '9.9.9' }), plain)).toMatchObject({
      reason: 'LockedTagMissing',
      message: `locked at 9.9.9, but ${IMAGE} has no such tag; the field stays as it is`,
      edits: [],
      finding: { severity, code: 'lock/tag-missing', at: { path: 'app.yaml', line: 3 } },
    });
  });

  const failed = view(policy(), { choice: { kind: 'failed', message: 'down' } });

  it('does not move to a tag that could not be looked for', () => {
    expect(decide(locked('6.2.0', { tag: '6.1.0' }), failed)).toMatchObject({
      reason: 'LockUnverified',
      message: 'locked at 6.1.0, but the registry could not be asked whether the tag exists',
      edits: [],
    });
  });

  it('holds while the registry fails', () => {
    expect(decide(locked('6.1.0', { tag: '6.1.0' }), failed).reason).toBe('Locked');
    expect(decide(locked('6.1.0', {}), failed).reason).toBe('Locked');
  });

  it.each([
    { name: 'tag and digest', over: { tag: '6.1.0', digest: OLD }, want: `${IMAGE}:6.1.0@${OLD}` },
    {
      name: 'a digest for the tag that is there',
      over: { digest: OLD },
      want: `${IMAGE}:6.0.0@${OLD}`,
    },
  ])('with $name writes $want', ({ over, want }) => {
    expect(written(locked('6.0.0', over), plain)).toEqual([want]);
  });

  it('with a digest alone pins a reference that has no tag', () => {
    const of = slot(field(`${IMAGE}@${NEW}`, { locks: [lock({ digest: OLD })] }));
    expect(decide(of, plain)).toMatchObject({
      message: `locked at ${OLD}`,
      target: OLD,
      edits: [{ value: `${IMAGE}@${OLD}` }],
    });
  });

  it('with a digest alone is not written into an empty tag field', () => {
    const of = slot(unmarked(field('', { part: 'tag', locks: [lock({ digest: OLD })] })));
    expect(decide(of, plain)).toMatchObject({ reason: 'Locked', edits: [] });
  });

  it('brings the digest of its tag along where digests are written', () => {
    const by = view(policy({ digestReflectionPolicy: 'IfNotPresent' }), {
      tags: TAGS,
      digests: DIGESTS,
    });
    expect(written(locked('6.2.0', { tag: '6.1.0' }), by)).toEqual([`${IMAGE}:6.1.0@${OLD}`]);
  });

  it('leaves the digest of a locked tag alone, even where digests are followed', () => {
    const by = view(policy({ digestReflectionPolicy: 'Always' }), { tags: TAGS, digests: DIGESTS });
    expect(written(locked(`6.1.0@${NEW}`, { tag: '6.1.0' }), by)).toEqual([]);
  });

  it('does not move a tag past a digest beside it that would win', () => {
    const current = { tag: '6.2.0', digest: NEW };
    const of = slot(
      field('6.2.0', {
        part: 'tag',
        separateDigest: true,
        current,
        locks: [lock({ tag: '6.1.0' })],
      }),
      field(NEW, { part: 'digest', separateDigest: true, current }),
    );
    expect(decide(of, plain)).toMatchObject({
      reason: 'PinnedByDigest',
      lock: { tag: '6.1.0' },
      edits: [],
    });
  });

  it('wins over a policy that is suspended or finds nothing', () => {
    for (const choice of [{ kind: 'suspended' }, { kind: 'none', message: 'x' }] as const) {
      const decision = decide(locked('6.1.0', {}), view(policy(), { choice }));
      expect(decision.reason).toBe('Locked');
    }
  });

  it('lets the field move again once it has expired', () => {
    const of = locked('6.1.0', { tag: '6.1.0', until: NOW.toISOString() });
    const decision = decide(of, plain);
    expect(decision).toMatchObject({ reason: 'NewTag', target: '6.2.0' });
    expect(decision).not.toHaveProperty('lock');
  });
});

describe('with verify', () => {
  const verify = { cosign: { secretRef: { name: 'keys' } } };
  const signed = view(policy({ verify }), { tags: TAGS, digests: DIGESTS });

  it('writes the digest that was verified, whatever digestReflectionPolicy says', () => {
    expect(written(slot(field(`${IMAGE}:6.1.0`)), signed)).toEqual([`${IMAGE}:6.2.0@${NEW}`]);
  });

  it('writes it into a field that is marked for the tag alone, too', () => {
    expect(written(slot(field('6.1.0', { part: 'tag' })), signed)).toEqual([`6.2.0@${NEW}`]);
  });

  it('adds it to a tag that stands there already', () => {
    expect(written(slot(field(`${IMAGE}:6.2.0`)), signed)).toEqual([`${IMAGE}:6.2.0@${NEW}`]);
  });

  it('leaves a digest that stands there alone while the tag stays', () => {
    expect(written(slot(field(`${IMAGE}:6.2.0@${OLD}`)), signed)).toEqual([]);
  });

  it('writes tag and digest into fields of their own', () => {
    const of = slot(
      field('6.1.0', { part: 'tag', separateDigest: true }),
      field(OLD, { part: 'digest' }),
    );
    expect(written(of, signed)).toEqual(['6.2.0', NEW]);
  });

  it('does not move a tag whose digest stands in a field that is out of reach', () => {
    const of = slot(field('6.1.0', { part: 'tag', separateDigest: true }));
    expect(decide(of, signed)).toMatchObject({
      reason: 'PinnedByDigest',
      message:
        'the image is pinned by a digest beside its tag; put a marker with :digest on it, so that what is verified is written',
      edits: [],
    });
  });

  it('leaves everything as it is while the choice is refused', () => {
    const choice = {
      kind: 'blocked',
      reason: 'VerificationFailed',
      message: '6.2.0 has no signature',
    } as const;
    const decision = decide(slot(field(`${IMAGE}:6.1.0`)), view(policy({ verify }), { choice }));
    expect(decision).toMatchObject({
      reason: 'VerificationFailed',
      message: '6.2.0 has no signature',
      edits: [],
    });
  });

  const locked = (text: string, over: Parameters<typeof lock>[0]) =>
    slot(field(`${IMAGE}:${text}`, { locks: [lock(over)] }));
  const unsigned = view(policy({ verify }), {
    tags: TAGS,
    digests: DIGESTS,
    refusals: { '6.0.0': 'it has no signature' },
  });

  it('does not drive to the tag of a lock that is not signed, and says so', () => {
    const message = 'locked at 6.0.0, but it has no signature; the field stays as it is';
    expect(decide(locked('6.1.0', { tag: '6.0.0' }), unsigned)).toMatchObject({
      reason: 'VerificationFailed',
      message,
      lock: { tag: '6.0.0' },
      finding: { severity: 'error', code: 'lock/unsigned', message },
      edits: [],
    });
  });

  it('drives to the signed tag of a lock with its digest', () => {
    const of = locked('6.2.0', { tag: '6.1.0' });
    expect(written(of, unsigned)).toEqual([`${IMAGE}:6.1.0@${OLD}`]);
  });

  it('takes a lock with a digest at its word: a person named the very content', () => {
    const of = locked('6.1.0', { tag: '6.0.0', digest: digest('0') });
    expect(written(of, unsigned)).toEqual([`${IMAGE}:6.0.0@${digest('0')}`]);
  });

  it('has nothing against a lock at what stands there', () => {
    expect(decide(locked('6.0.0', { tag: '6.0.0' }), unsigned).reason).toBe('Locked');
  });
});
