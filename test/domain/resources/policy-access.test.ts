import { describe, expect, it } from 'vitest';
import { accessTo, type Labels } from '../../../src/domain/resources/policy-access.ts';
import { policy } from '../../support/builders.ts';

const NAME = 'kubernetes.io/metadata.name';

/** What a policy with these selectors says to the namespace `web`. */
function access(selectors: readonly (Labels | undefined)[] | undefined, labels?: Labels) {
  const namespaceSelectors = (selectors ?? []).map((matchLabels) =>
    matchLabels === undefined ? {} : { matchLabels },
  );
  const of = policy(selectors === undefined ? {} : { accessFrom: { namespaceSelectors } });
  return accessTo(of, { name: 'web', ...(labels === undefined ? {} : { labels }) });
}

describe('access of another namespace to a policy', () => {
  it.each<[string, readonly (Labels | undefined)[] | undefined, Labels | undefined, string]>([
    ['without accessFrom', undefined, { team: 'web' }, 'denied'],
    ['without any selector', [], { team: 'web' }, 'denied'],
    ['by an empty selector', [{}], {}, 'granted'],
    ['by a selector without matchLabels', [undefined], {}, 'granted'],
    ['by its label', [{ team: 'web' }], { team: 'web' }, 'granted'],
    ['by another value of the label', [{ team: 'web' }], { team: 'api' }, 'denied'],
    ['where a label is missing', [{ team: 'web', tier: 'prod' }], { team: 'web' }, 'denied'],
    ['by the second selector', [{ team: 'api' }, { team: 'web' }], { team: 'web' }, 'granted'],
    ['by its name', [{ [NAME]: 'web' }], {}, 'granted'],
    ['by the name of another', [{ [NAME]: 'api' }], {}, 'denied'],
    ['by a name that its labels claim', [{ [NAME]: 'api' }], { [NAME]: 'api' }, 'denied'],
  ])('%s', (_, selectors, labels, expected) => {
    expect(access(selectors, labels)).toBe(expected);
  });

  it.each<[string, readonly Labels[], string]>([
    ['its name', [{ [NAME]: 'web' }], 'granted'],
    ['any namespace', [{}], 'granted'],
    ['the name of another', [{ [NAME]: 'api' }], 'denied'],
    ['the name of another and a label', [{ [NAME]: 'api', team: 'web' }], 'denied'],
    ['a label', [{ team: 'web' }], 'unknown'],
    ['its name and a label', [{ [NAME]: 'web', team: 'web' }], 'unknown'],
    ['a label, or its name', [{ team: 'web' }, { [NAME]: 'web' }], 'granted'],
  ])('by %s, while only its name is known', (_, selectors, expected) => {
    expect(access(selectors)).toBe(expected);
  });
});
