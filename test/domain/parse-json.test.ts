import { expect, it } from 'vitest';
import { parseJson } from '../../src/domain/parse-json.ts';

it.each([
  ['{"a":[1,null]}', { a: [1, null] }],
  ['null', null],
  ['', undefined],
  ['{"a":', undefined],
  ['<html>', undefined],
])('%j is %j', (text, want) => {
  expect(parseJson(text)).toEqual(want);
});
