import { describe, expect, it } from 'vitest';
import { ToldRefs } from '../../../src/app/branches/told-refs.ts';

describe('what a ref was sent', () => {
  it('is remembered by automation and ref, also on disk', () => {
    const told = ToldRefs.from(undefined);
    expect([told.changed, told.get('apps/config', 'refs/for/main')]).toEqual([false, undefined]);
    told.set('apps/config', 'refs/for/main', { content: 'a', commit: 'c' });
    expect(told.changed).toBe(true);
    const again = ToldRefs.from(JSON.parse(JSON.stringify(told.save())) as unknown);
    expect([told.changed, again.changed]).toEqual([false, false]);
    expect(again.get('apps/config', 'refs/for/main')).toEqual({ content: 'a', commit: 'c' });
    expect(again.get('apps/config', 'refs/for/next')).toBeUndefined();
    expect(again.get('apps/other', 'refs/for/main')).toBeUndefined();
  });

  it.each([null, 'text', 3, { 'a b': 3 }, { 'a b': 'x' }])(
    'is nothing where %j was saved',
    (saved) => {
      expect(ToldRefs.from(saved).get('a', 'b')).toBeUndefined();
    },
  );
});
