/**
 * Reads the plain part of RE2's syntax into a tree: literals, `.`, classes, `\d \w \s`, groups,
 * alternation, repetition, `^` at the start and `$` at the end. Everything else (flags, `\b`,
 * POSIX and Unicode classes, `\Q…\E`, …) is left to the RE2 engine.
 */
import { ASCII, charsBetween, charSet, type CharSet } from './char-set.ts';

/** A piece of a pattern. `max` of a repetition may be Infinity. */
export type PatternNode =
  | { readonly kind: 'chars'; readonly set: CharSet }
  | { readonly kind: 'sequence'; readonly items: readonly PatternNode[] }
  | { readonly kind: 'choice'; readonly branches: readonly PatternNode[] }
  | { readonly kind: 'group'; readonly body: PatternNode; readonly capturing: boolean }
  | {
      readonly kind: 'repeat';
      readonly body: PatternNode;
      readonly min: number;
      readonly max: number;
      readonly lazy: boolean;
    };

/** A whole pattern: its body, and whether it is bound to the start and the end of the text. */
export interface PlainPattern {
  readonly body: PatternNode;
  readonly atStart: boolean;
  readonly atEnd: boolean;
}

/** Where the reader stands in the source. */
interface Cursor {
  readonly source: string;
  at: number;
}

const DIGIT = charsBetween('0', '9');
const WORD = DIGIT | charsBetween('A', 'Z') | charsBetween('a', 'z') | charSet('_');
const SPACE = charSet('\t\n\f\r ');
const PERL_CLASSES: ReadonlyMap<string, CharSet> = new Map([
  ['d', DIGIT],
  ['D', ASCII & ~DIGIT],
  ['w', WORD],
  ['W', ASCII & ~WORD],
  ['s', SPACE],
  ['S', ASCII & ~SPACE],
]);
const ANY_BUT_NEWLINE = ASCII & ~charSet('\n');

const GROUP_START = /\((?:\?:|\?P?<[A-Za-z0-9_]+>|(?!\?))/y;
const QUANTIFIER = /(?:([*+?])|\{([0-9]+)(?:(,)([0-9]*))?\})(\??)/y;

/**
 * Reads `source`, which must be valid RE2 syntax.
 * @returns undefined when the pattern uses anything but the plain part of the syntax
 */
export function readPlainPattern(source: string): PlainPattern | undefined {
  const atStart = source.startsWith('^');
  const cursor = { source, at: atStart ? 1 : 0 };
  const body = readChoice(cursor);
  if (body === undefined) return undefined;
  const atEnd = source.slice(cursor.at) === '$';
  if (!atEnd && cursor.at !== source.length) return undefined;
  // ^a|b$ binds each anchor to one branch only
  if ((atStart || atEnd) && body.kind === 'choice') return undefined;
  return { body, atStart, atEnd };
}

function readChoice(cursor: Cursor): PatternNode | undefined {
  const branches: PatternNode[] = [];
  do {
    const branch = readSequence(cursor);
    if (branch === undefined) return undefined;
    branches.push(branch);
  } while (accept(cursor, '|'));
  return branches.length === 1 ? branches[0] : { kind: 'choice', branches };
}

function readSequence(cursor: Cursor): PatternNode | undefined {
  const items: PatternNode[] = [];
  while (cursor.at < cursor.source.length && !'|)$'.includes(peek(cursor))) {
    const atom = readAtom(cursor);
    if (atom === undefined) return undefined;
    items.push(readQuantifier(cursor, atom));
  }
  return { kind: 'sequence', items };
}

function readQuantifier(cursor: Cursor, body: PatternNode): PatternNode {
  const match = matchHere(cursor, QUANTIFIER);
  if (match === undefined) return body;
  const [, sign, low, comma, high, lazyMark] = match;
  const lazy = lazyMark === '?';
  if (sign !== undefined) {
    return {
      kind: 'repeat',
      body,
      min: sign === '+' ? 1 : 0,
      max: sign === '?' ? 1 : Infinity,
      lazy,
    };
  }
  const min = Number(low);
  const max = comma === undefined ? min : high === '' ? Infinity : Number(high);
  return { kind: 'repeat', body, min, max, lazy };
}

function readAtom(cursor: Cursor): PatternNode | undefined {
  const char = peek(cursor);
  if (char === '(') return readGroup(cursor);
  const set = readSet(cursor, char);
  return set === undefined ? undefined : { kind: 'chars', set };
}

function readGroup(cursor: Cursor): PatternNode | undefined {
  const start = matchHere(cursor, GROUP_START)?.[0];
  if (start === undefined) return undefined;
  const body = readChoice(cursor);
  if (body === undefined || !accept(cursor, ')')) return undefined;
  return { kind: 'group', body, capturing: start !== '(?:' };
}

function readSet(cursor: Cursor, char: string): CharSet | undefined {
  if (char === '[') return readClass(cursor);
  if (char === '\\') return readEscape(cursor);
  if ('^*+?{'.includes(char) || char > '\x7f') return undefined;
  cursor.at += 1;
  return char === '.' ? ANY_BUT_NEWLINE : charSet(char);
}

/** `\d` and its like, or an escaped punctuation mark. */
function readEscape(cursor: Cursor): CharSet | undefined {
  const char = cursor.source.charAt(cursor.at + 1);
  cursor.at += 2;
  return PERL_CLASSES.get(char) ?? (/[!-/:-@[-`{-~]/.test(char) ? charSet(char) : undefined);
}

function readClass(cursor: Cursor): CharSet | undefined {
  cursor.at += 1;
  const negated = accept(cursor, '^');
  const first = cursor.at;
  let set: CharSet = 0n;
  while (peek(cursor) !== ']' || cursor.at === first) {
    const item = readClassItem(cursor, cursor.at === first);
    if (item === undefined) return undefined;
    set |= item;
  }
  cursor.at += 1;
  return negated ? ASCII & ~set : set;
}

function readClassItem(cursor: Cursor, isFirst: boolean): CharSet | undefined {
  const char = peek(cursor);
  // "[" may open a POSIX class, and a first "]" or an inner "-" is read differently by each dialect
  if (char === '[' || char === ']' || char > '\x7f') return undefined;
  const isDash = char === '-';
  if (isDash && !isFirst && cursor.source.charAt(cursor.at + 1) !== ']') return undefined;
  const start = cursor.at;
  const set = char === '\\' ? readEscape(cursor) : charSet(char);
  if (char !== '\\') cursor.at += 1;
  if (peek(cursor) !== '-' || cursor.source.charAt(cursor.at + 1) === ']') return set;

  const range = /^([0-9A-Za-z])-([0-9A-Za-z])/.exec(cursor.source.slice(start, start + 3));
  if (range === null) return undefined;
  cursor.at = start + 3;
  return charsBetween(range[1] as string, range[2] as string);
}

function peek(cursor: Cursor): string {
  return cursor.source.charAt(cursor.at);
}

function accept(cursor: Cursor, char: string): boolean {
  if (peek(cursor) !== char) return false;
  cursor.at += 1;
  return true;
}

function matchHere(cursor: Cursor, pattern: RegExp): RegExpExecArray | undefined {
  pattern.lastIndex = cursor.at;
  const match = pattern.exec(cursor.source) ?? undefined;
  if (match !== undefined) cursor.at = pattern.lastIndex;
  return match;
}
