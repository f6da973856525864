import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { tagsRevision } from '../../src/domain/tags-revision.ts';

describe('the revision of a set of tags', () => {
  it('is 16 hex digits', () => {
    fc.assert(
      fc.property(fc.array(fc.string()), (tags) => {
        expect(tagsRevision(tags)).toMatch(/^[0-9a-f]{16}$/);
      }),
    );
  });

  it('does not depend on the order', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.string()), (tags) => {
        expect(tagsRevision(tags.toReversed())).toBe(tagsRevision(tags));
      }),
    );
  });

  it('changes with every tag that comes', () => {
    const versions = Array.from({ length: 5_000 }, (_, patch) => `1.0.${patch}`);
    const revisions = new Set<string>();
    const tags: string[] = [];
    for (const [index, tag] of versions.entries()) {
      tags.push(tag);
      if (index % 10 === 0) revisions.add(tagsRevision(tags));
    }
    expect(revisions.size).toBe(500);
  });

  it('tells every single tag of a long list from the others', () => {
    const tags = Array.from({ length: 50_000 }, (_, build) => `main-${build}`);
    expect(new Set(tags.map((tag) => tagsRevision([tag]))).size).toBe(50_000);
  });
});
