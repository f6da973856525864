import { describe, expect, it } from 'vitest';
import type { ImageField } from '../../../src/domain/manifest/image-field.ts';
import { heldThen } from '../../../src/domain/plan/slot-identity.ts';
import { field, slot } from '../../support/builders.ts';

const IMAGE = 'ghcr.io/stefanprodan/podinfo';
const web = { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'apps', name: 'web' };

function held(tag: string, over: Partial<ImageField> = {}) {
  return slot(field(`${IMAGE}:${tag}`, over));
}

describe('what a slot held in another version of its file', () => {
  it('is what stands at the same place of the same resource, whichever document that is now', () => {
    const now = held('2.0.0', { document: 3, resource: web, keyPath: ['web'] });
    const others = [
      held('1.1.0', { document: 3, resource: { ...web, name: 'api' }, keyPath: ['web'] }),
      held('1.2.0', { document: 0, resource: web, keyPath: ['web'] }),
      held('1.3.0', { document: 3, resource: web, keyPath: ['job'] }),
    ];
    expect(heldThen(now, others)).toBe('1.2.0');
  });

  it('is what stands in the same document where that is no resource', () => {
    const others = [held('1.1.0', { document: 0 }), held('1.2.0', { document: 1 })];
    expect(heldThen(held('2.0.0', { document: 1 }), others)).toBe('1.2.0');
  });

  it('is the only one of its policy, wherever it stood', () => {
    const other = { ...held('1.0.0'), policy: 'apps/other' };
    const moved = held('1.1.0', { keyPath: ['elsewhere'] });
    expect(heldThen(held('2.0.0'), [other, moved])).toBe('1.1.0');
  });

  it('is not known where the policy had none there, or several elsewhere', () => {
    const several = ['a', 'b'].map((key) => held('1.1.0', { keyPath: [key] }));
    expect(heldThen(held('2.0.0'), several)).toBeUndefined();
    expect(heldThen(held('2.0.0'), [{ ...held('1.0.0'), policy: 'apps/other' }])).toBeUndefined();
  });
});
