import { describe, expect, it } from 'vitest';
import { requestOf, REQUEST_ANNOTATION } from '../../../src/domain/status/request-of.ts';

describe('a request for a run', () => {
  it.each([
    { name: 'absent without the annotation', annotations: { other: 'x' }, want: undefined },
    {
      name: 'the value of the annotation',
      annotations: { [REQUEST_ANNOTATION]: 'now' },
      want: 'now',
    },
    {
      name: 'cut to what status can answer',
      annotations: { [REQUEST_ANNOTATION]: 'x'.repeat(300) },
      want: 'x'.repeat(256),
    },
  ])('is $name', ({ annotations, want }) => {
    expect(requestOf(annotations)).toBe(want);
  });
});
