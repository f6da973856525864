import { describe, expect, it } from 'vitest';
import { oneLine, quotable } from '../../src/domain/foreign-text.ts';

describe('a name from outside', () => {
  it.each([
    ['apps/web.yaml', 'apps/web.yaml'],
    ['a\r\n\tb', 'a b'],
    [' a\u0007\u0085\u009fb ', ' a b '],
    ['größe 😀', 'größe 😀'],
  ])('%j stands in one line as %j', (text, want) => {
    expect(oneLine(text)).toBe(want);
  });
});

describe('what another system said', () => {
  it.each([
    ['remote: no\n\n  such\u200b repo\n', 'remote: no such repo'],
    ['token s3cret and again s3cret', 'token *** and again ***'],
    [
      'see https://ana:pass@git.example.com/a and ssh://bob@b',
      'see https://git.example.com/a and ssh://b',
    ],
    ['mail ana@example.com', 'mail ana@example.com'],
    ['\u202Eevil', 'evil'],
    ['', ''],
  ])('%j is told as %j', (text, want) => {
    expect(quotable(text, ['s3cret', ''])).toBe(want);
  });

  it('is cut where it is long, and the cut shows', () => {
    expect(quotable('x'.repeat(250), [])).toBe('x'.repeat(250));
    expect(quotable('x'.repeat(251), [])).toBe(`${'x'.repeat(249)}…`);
  });

  it('may be longer or shorter where that is said', () => {
    expect(quotable('abc def', [], 4)).toBe('abc…');
  });

  it('shows no part of a secret at the cut', () => {
    expect(quotable(`${'x'.repeat(248)}s3cret`, ['s3cret'])).toBe(`${'x'.repeat(248)}*…`);
  });
});
