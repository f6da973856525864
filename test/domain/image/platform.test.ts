import { describe, expect, it } from 'vitest';
import { missingPlatforms } from '../../../src/domain/gates/platforms.ts';
import { isRunnable, normalPlatform } from '../../../src/domain/image/platform.ts';

describe('a platform', () => {
  it.each([
    ['linux/amd64', 'linux/amd64'],
    ['linux/amd64/v1', 'linux/amd64'],
    ['linux/amd64/v2', 'linux/amd64/v2'],
    ['linux/x86_64', 'linux/amd64'],
    ['linux/arm64', 'linux/arm64'],
    ['linux/arm64/v8', 'linux/arm64'],
    ['linux/arm64/8', 'linux/arm64'],
    ['linux/aarch64', 'linux/arm64'],
    ['linux/arm64/v9', 'linux/arm64/v9'],
    ['linux/arm', 'linux/arm'],
    ['linux/arm/v7', 'linux/arm'],
    ['linux/armhf', 'linux/arm'],
    ['linux/arm/v6', 'linux/arm/v6'],
    ['linux/armel', 'linux/arm/v6'],
    ['Linux/AMD64', 'linux/amd64'],
    ['windows/amd64', 'windows/amd64'],
    ['linux/s390x', 'linux/s390x'],
  ])('%s is written %s', (text, want) => {
    expect(normalPlatform(text)).toBe(want);
  });

  it.each([
    [undefined, false],
    [{ os: 'unknown', architecture: 'unknown' }, false],
    [{ os: 'linux', architecture: 'amd64' }, true],
  ])('%j stands for an image: %s', (platform, want) => {
    expect(isRunnable(platform)).toBe(want);
  });
});

describe('the gate of platforms', () => {
  const provided = ['linux/amd64', 'linux/arm64', 'linux/arm/v6'];

  it.each([
    { name: 'all that are wanted', wanted: ['linux/arm64/v8', 'linux/amd64'], missing: undefined },
    { name: 'one is missing', wanted: ['linux/amd64', 'linux/s390x'], missing: 'linux/s390x' },
    { name: 'another variant', wanted: ['linux/arm/v7'], missing: 'linux/arm/v7' },
    {
      name: 'several are missing',
      wanted: ['linux/s390x', 'windows/amd64'],
      missing: 'linux/s390x and windows/amd64',
    },
  ])('judges an image by $name', ({ wanted, missing }) => {
    expect(missingPlatforms(wanted, provided)).toEqual(
      missing === undefined
        ? { kind: 'open' }
        : { kind: 'closed', message: `does not provide ${missing}` },
    );
  });

  it('is open for what runs nowhere, and closed for an image that names no platform', () => {
    expect(missingPlatforms(['linux/amd64'], undefined)).toEqual({ kind: 'open' });
    expect(missingPlatforms(['linux/amd64'], [])).toMatchObject({ kind: 'closed' });
  });
});
