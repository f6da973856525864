import { expect, it } from 'vitest';
import { AppError } from '../../../src/domain/errors.ts';
import { attempt } from '../../../src/domain/resources/attempt.ts';

it('gives the result of a call', () => {
  expect(attempt(() => 1)).toBe(1);
});

it('gives an AppError as data', () => {
  const error = new AppError('resource/invalid', 'no');
  const fail = () => {
    throw error;
  };
  expect(attempt(fail)).toBe(error);
});

it('lets any other error pass', () => {
  const fail = () => {
    throw new TypeError('ours');
  };
  expect(() => attempt(fail)).toThrow(TypeError);
});
