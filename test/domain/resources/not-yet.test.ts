import { describe, expect, it } from 'vitest';
import { parseResources } from '../../../src/domain/resources/parse-resources.ts';
import { automation, complaints, more } from './resource-text.ts';

describe('what is not supported yet', () => {
  it.each([
    [more('  promoteFrom: { policy: test }'), 'a.yaml:8:3: spec.promoteFrom: not supported yet'],
    [automation('  push: { refspec: a:b }'), 'a.yaml:7:11: spec.push.refspec: not supported yet'],
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
