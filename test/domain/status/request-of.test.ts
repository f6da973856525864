import { describe, expect, it } from 'vitest';
import {
  isRequested,
  requestOf,
  REQUEST_ANNOTATION,
} from '../../../src/domain/status/request-of.ts';

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

  it.each([
    { name: 'none without the annotation', annotations: {}, answered: undefined, want: false },
    { name: 'new before any answer', annotations: { [REQUEST_ANNOTATION]: 'a' }, want: true },
    {
      name: 'new after another',
      annotations: { [REQUEST_ANNOTATION]: 'b' },
      answered: 'a',
      want: true,
    },
    { name: 'done', annotations: { [REQUEST_ANNOTATION]: 'a' }, answered: 'a', want: false },
  ])('is $name', ({ annotations, answered, want }) => {
    expect(isRequested(annotations, { lastHandledReconcileAt: answered })).toBe(want);
  });
});
