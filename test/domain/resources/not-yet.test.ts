import { describe, expect, it } from 'vitest';
import { RESOURCE_KINDS } from '../../../src/domain/resources/check-resource.ts';
import { notSupportedYet, unbuiltFields } from '../../../src/domain/resources/not-yet.ts';
import { parseResources } from '../../../src/domain/resources/parse-resources.ts';
import { automation, complaints } from './resource-text.ts';

describe('what is not supported yet', () => {
  it('is each field that is listed, and nothing of kinds that list none', () => {
    for (const kind of RESOURCE_KINDS) {
      for (const path of unbuiltFields(kind)) {
        const spec = path.reduceRight<unknown>((value, key) => ({ [key]: value }), 'x');
        expect(notSupportedYet(kind, spec)).toMatchObject([{ path: ['spec', ...path] }]);
      }
    }
    expect(unbuiltFields('ConfigMap')).toEqual([]);
    expect(notSupportedYet('ConfigMap', { data: 'x' })).toEqual([]);
  });

  it.each([
    [
      automation('  pullRequest: { provider: github }'),
      'a.yaml:7:3: spec.pullRequest: not supported yet',
    ],
  ])('is refused and never ignored: %#', (text, want) => {
    expect(complaints(text)).toEqual([want]);
    const [finding] = parseResources('a.yaml', text).findings;
    expect(finding?.code).toBe('resource/not-supported');
  });
});
