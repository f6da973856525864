import { describe, expect, it } from 'vitest';
import {
  ACCESS_ANNOTATION,
  checkAccess,
  checkCrossNamespace,
} from '../../../src/domain/resources/object-access.ts';

const source = { kind: 'GitRepository', namespace: 'flux-system', name: 'config' };

describe('an object of another namespace', () => {
  it.each(['apps', 'other, apps ,third', '*'])(
    'may be referred to where it grants %j',
    (granted) => {
      expect(() => checkAccess(source, { [ACCESS_ANNOTATION]: granted }, 'apps')).not.toThrow();
    },
  );

  it.each([{}, { [ACCESS_ANNOTATION]: '' }, { [ACCESS_ANNOTATION]: 'apps2,app' }])(
    'may not where it says %j',
    (annotations) => {
      expect(() => checkAccess(source, annotations, 'apps')).toThrow(
        'GitRepository flux-system/config grants namespace apps no access; its owner can annotate it with lockkeeper.dev/access-from: apps',
      );
    },
  );

  it('may be referred to only where that is switched on', () => {
    expect(() => checkCrossNamespace(source, true)).not.toThrow();
    expect(() => checkCrossNamespace(source, false)).toThrow('--no-cross-namespace-refs');
  });
});
