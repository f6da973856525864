import { describe, expect, it } from 'vitest';
import { HeldTags } from '../../../src/app/scan/held-tags.ts';

const MILLION = 1_000_000;

describe('tags held between scans', () => {
  it('are bounded over all repositories together', () => {
    const held = new HeldTags();
    held.hold('a', MILLION, 'ghcr.io/team/a');
    expect(() => held.hold('b', 600_000, 'ghcr.io/team/b')).toThrow(
      expect.objectContaining({
        code: 'registry/too-large',
        message: expect.stringMatching(
          /^ghcr.io\/team\/b: its 600000 tags and the 1000000/,
        ) as string,
      }),
    );
    expect(() => held.hold('c', MILLION / 2, 'ghcr.io/team/c')).not.toThrow();
  });

  it('are counted once for a repository that is scanned again', () => {
    const held = new HeldTags();
    for (let scan = 0; scan < 5; scan += 1) held.hold('a', 1.4 * MILLION, 'ghcr.io/team/a');
    expect(() => held.hold('a', 1.5 * MILLION, 'ghcr.io/team/a')).not.toThrow();
  });

  it('make room when they are let go of', () => {
    const held = new HeldTags();
    held.hold('a', 1.5 * MILLION, 'ghcr.io/team/a');
    held.release('a');
    held.release('a');
    expect(() => held.hold('b', 1.5 * MILLION, 'ghcr.io/team/b')).not.toThrow();
    expect(() => held.hold('c', 1, 'ghcr.io/team/c')).toThrow(/its 1 tags/);
  });

  it('keep what lists told only where there is room for it', () => {
    const held = new HeldTags();
    expect(held.holdTold('a', 60_000)).toBe(true);
    expect(held.holdTold('a', 70_000)).toBe(true);
    expect(held.holdTold('b', 40_000)).toBe(false);
    held.release('a');
    expect(held.holdTold('b', 40_000)).toBe(true);
  });
});
