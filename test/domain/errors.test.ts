import { describe, expect, it } from 'vitest';
import {
  AppError,
  asAppError,
  findingOf,
  formatLocation,
  placedMessage,
} from '../../src/domain/errors.ts';

const at = { path: 'app.yaml', line: 3, column: 10 };

describe('an error', () => {
  it('is the user’s or the world’s', () => {
    expect(new AppError('usage', 'x').isInputError).toBe(true);
    expect(new AppError('git/unreachable', 'x').isInputError).toBe(false);
  });

  it('is worth another try only where it says so', () => {
    expect(new AppError('git/unreachable', 'x')).toMatchObject({ retry: false });
    expect(new AppError('git/unreachable', 'x', { retry: true, afterMs: 5 })).toMatchObject({
      retry: true,
      afterMs: 5,
    });
  });

  it.each([
    { error: new AppError('git/dirty', 'x'), place: undefined, want: {} },
    { error: new AppError('git/dirty', 'x', { at }), place: undefined, want: { at } },
    {
      error: new AppError('git/dirty', 'x', { at }),
      place: { path: 'b' },
      want: { at: { path: 'b' } },
    },
  ])('of one place is a finding there: $want', ({ error, place, want }) => {
    expect(findingOf(error, place)).toEqual({
      severity: 'error',
      code: 'git/dirty',
      message: 'x',
      ...want,
    });
  });

  it.each([
    { thrown: new TypeError('no\nstack'), want: 'unexpected failure: no' },
    { thrown: 'a text', want: 'unexpected failure: a text' },
  ])('of no kind of ours is a defect, told in one line: $want', ({ thrown, want }) => {
    expect(asAppError(thrown)).toMatchObject({ code: 'internal', message: want, cause: thrown });
  });

  it('of ours is taken as it is', () => {
    const error = new AppError('usage', 'x');
    expect(asAppError(error)).toBe(error);
  });
});

describe('a place', () => {
  it.each([
    [{ path: 'app.yaml' }, 'app.yaml'],
    [{ path: 'app.yaml', line: 3 }, 'app.yaml:3'],
    [at, 'app.yaml:3:10'],
  ])('is written %j', (place, want) => {
    expect(formatLocation(place)).toBe(want);
    expect(placedMessage({ at: place, message: 'x' })).toBe(`${want}: x`);
  });

  it('stands before a message where there is one', () => {
    expect(placedMessage({ message: 'x' })).toBe('x');
  });
});
