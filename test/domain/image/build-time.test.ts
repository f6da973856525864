import { describe, expect, it } from 'vitest';
import { firstOf, timeOfConfig, timeOfManifest } from '../../../src/domain/image/build-time.ts';
import type { IndexEntry } from '../../../src/domain/image/image-manifest.ts';
import { digest } from '../../support/builders.ts';

const CREATED = 'org.opencontainers.image.created';
const [EARLY, LATE] = ['2026-01-01T00:00:00Z', '2026-02-01T00:00:00+01:00'];
const linux = { os: 'linux', architecture: 'amd64' };

const entry = (created?: string, platform: IndexEntry['platform'] = linux): IndexEntry => ({
  digest: digest('a'),
  platform,
  annotations: created === undefined ? {} : { [CREATED]: created },
});

const index = (created: string | undefined, entries: readonly IndexEntry[]) => ({
  kind: 'index' as const,
  digest: digest('f'),
  entries,
  annotations: created === undefined ? {} : { [CREATED]: created },
});

describe('the build time that a manifest tells', () => {
  it.each([
    { name: 'an index’s own', manifest: index(EARLY, [entry(LATE)]), want: Date.parse(EARLY) },
    {
      name: 'the latest of an index’s entries',
      manifest: index(undefined, [entry(EARLY), entry(LATE)]),
      want: Date.parse(LATE),
    },
    {
      name: 'that of the entries where its own is no real one',
      manifest: index('1970-01-01T00:00:00Z', [entry(EARLY)]),
      want: Date.parse(EARLY),
    },
    {
      name: 'not that of an attestation',
      manifest: index(undefined, [
        entry(EARLY),
        entry(LATE, { os: 'unknown', architecture: 'unknown' }),
      ]),
      want: Date.parse(EARLY),
    },
    { name: 'none', manifest: index(undefined, [entry()]), want: 'absent' },
    {
      name: 'none where it cannot be read',
      manifest: index('yesterday', [entry()]),
      want: 'absent',
    },
    {
      name: 'an artifact’s own',
      manifest: {
        kind: 'artifact' as const,
        digest: digest('a'),
        annotations: { [CREATED]: EARLY },
      },
      want: Date.parse(EARLY),
    },
  ])('is $name', ({ manifest, want }) => {
    expect(timeOfManifest(manifest)).toBe(want);
  });
});

describe('the build time that a config tells', () => {
  it.each([
    { name: 'when it was created', created: LATE, label: EARLY, want: Date.parse(LATE) },
    { name: 'a later label', created: EARLY, label: LATE, want: Date.parse(LATE) },
    {
      name: 'a label beside 1970',
      created: '1970-01-01T00:00:00Z',
      label: EARLY,
      want: Date.parse(EARLY),
    },
    { name: '1970', created: '1970-01-01T00:00:00Z', label: undefined, want: 'unreal' },
    { name: 'Go’s zero', created: '0001-01-01T00:00:00Z', label: undefined, want: 'unreal' },
    { name: 'nothing', created: undefined, label: undefined, want: 'absent' },
    { name: 'rubbish', created: 'x', label: 'y', want: 'absent' },
  ])('is $name', ({ created, label, want }) => {
    const labels = label === undefined ? {} : { 'org.label-schema.build-date': label };
    expect(timeOfConfig({ ...(created === undefined ? {} : { created }), labels })).toBe(want);
  });

  it('counts in the order of precedence', () => {
    expect(firstOf('absent', 7, 9)).toBe(7);
    expect(firstOf('absent', 'unreal')).toBe('unreal');
    expect(firstOf()).toBe('absent');
  });
});
