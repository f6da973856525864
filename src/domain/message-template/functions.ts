import { formatted, printed } from './print.ts';
import {
  checkSize,
  fieldOf,
  isList,
  isTrue,
  numberOf,
  templateFault,
  textOf,
  type TemplateObject,
  type Value,
} from './value.ts';

/** A function of templates: those of Go and of sprig that Flux users know, as far as messages need them. */
export interface TemplateFunction {
  readonly min: number;
  readonly max: number;
  /** What stands behind the first value that counts as this is not looked at. */
  readonly stopsAt?: boolean;
  readonly call: (args: readonly Value[]) => Value;
}

const ANY = 64;

function text(value: Value = null): string {
  return textOf(value);
}

function list(value: Value = null): readonly Value[] {
  if (isList(value)) return value;
  throw templateFault('a list is needed here');
}

/** The texts of a list, or of one value, without those that there are not (sprig, `strslice`). */
function textsOf(value: Value = null): readonly string[] {
  const values = isList(value) ? value : [value];
  return values.filter((each) => each !== null).map(text);
}

function texts(count: number, call: (...args: string[]) => Value): TemplateFunction {
  return { min: count, max: count, call: (args) => call(...args.map(text)) };
}

function fixed(count: number, call: (args: readonly Value[]) => Value): TemplateFunction {
  return { min: count, max: count, call };
}

function lengthOf(value: Value = null): number {
  if (typeof value === 'string') return new TextEncoder().encode(value).length;
  if (isList(value)) return value.length;
  if (value !== null && typeof value === 'object' && value.kind === 'map') {
    return value.entries.length;
  }
  throw templateFault('len needs a text, a list or a map');
}

/** @throws AppError for values that have no order */
function compared([a, b]: readonly Value[]): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  if (typeof a === 'string' && typeof b === 'string') return Number(a > b) - Number(a < b);
  throw templateFault('only two texts or two numbers can be compared');
}

/** @throws AppError for lists, maps and values of two kinds: they are never equal, so that it must be a slip */
function isEqual(a: Value = null, b: Value = null): boolean {
  if (isObject(a) && isObject(b)) {
    return Object.entries(a.fields).every(([name, field]) => isEqual(field, b.fields[name]));
  }
  if (a === null || b === null) return a === b;
  if (typeof a === typeof b && typeof a !== 'object') return a === b;
  throw templateFault('only two texts, numbers, truth values or objects can be equal');
}

function isObject(value: Value): value is TemplateObject {
  return value !== null && typeof value === 'object' && !isList(value) && value.kind === 'object';
}

function indexed([value = null, ...keys]: readonly Value[]): Value {
  return keys.reduce<Value>((found, key) => {
    if (!isList(found)) return fieldOf(found, text(key));
    const at = numberOf(key);
    const each = found[at];
    if (each !== undefined) return each;
    throw templateFault(`index ${at} is outside a list of ${found.length}`);
  }, value);
}

function trimmedOf(cut: string, from: string): string {
  const isKept = (char: string) => !cut.includes(char);
  const chars = Array.from(from);
  return chars.slice(chars.findIndex(isKept), chars.findLastIndex(isKept) + 1).join('');
}

function indented(count: number, lines: string): string {
  if (count < 0 || count > 100) throw templateFault('an indent is from 0 to 100');
  const blanks = ' '.repeat(count);
  return blanks + joined(`\n${blanks}`, lines.split('\n'));
}

function repeated(count: number, each: string): string {
  if (count < 0 || count > 1_000) throw templateFault('repeat: from 0 to 1000 times');
  checkSize(each.length * count);
  return each.repeat(count);
}

function joined(by: string, parts: readonly string[]): string {
  checkSize(parts.reduce((sum, part) => sum + part.length + by.length, 0) - by.length);
  return parts.join(by);
}

/** Go's `Split`: by nothing, into characters. */
function split(by: string, from: string): readonly string[] {
  return by === '' ? Array.from(from) : from.split(by);
}

function replaced(before: string, after: string, from: string): string {
  return joined(after, before === '' ? ['', ...Array.from(from), ''] : from.split(before));
}

/** The first characters, or the last ones by a number below 0. */
function abbreviated(max: number, from: string): string {
  const chars = Array.from(from);
  return (max >= 0 ? chars.slice(0, max) : chars.slice(max)).join('');
}

/** Go's `path.Base`. */
function baseOf(path: string): string {
  return path.split('/').findLast((part) => part !== '') ?? (path === '' ? '.' : '/');
}

/** Go's `path.Dir`, of a path without `.` and `..`. */
function dirOf(path: string): string {
  const above = path.slice(0, path.lastIndexOf('/') + 1).replaceAll(/\/+/g, '/');
  return above === '/' ? above : above.slice(0, -1) || '.';
}

const LOGIC: Readonly<Record<string, TemplateFunction>> = {
  and: { min: 1, max: ANY, stopsAt: false, call: (args) => args.at(-1) ?? null },
  or: { min: 1, max: ANY, stopsAt: true, call: (args) => args.at(-1) ?? null },
  not: fixed(1, ([value = null]) => !isTrue(value)),
  eq: { min: 2, max: ANY, call: ([first, ...rest]) => rest.some((each) => isEqual(first, each)) },
  ne: fixed(2, ([a, b]) => !isEqual(a, b)),
  lt: fixed(2, (args) => compared(args) < 0),
  le: fixed(2, (args) => compared(args) <= 0),
  gt: fixed(2, (args) => compared(args) > 0),
  ge: fixed(2, (args) => compared(args) >= 0),
  empty: fixed(1, ([value = null]) => !isTrue(value)),
  default: fixed(2, ([fallback = null, value = null]) => (isTrue(value) ? value : fallback)),
  coalesce: { min: 1, max: ANY, call: (args) => args.find(isTrue) ?? null },
  ternary: fixed(3, ([yes = null, no = null, test = null]) => (isTrue(test) ? yes : no)),
};

const LISTS: Readonly<Record<string, TemplateFunction>> = {
  len: fixed(1, ([value]) => lengthOf(value)),
  index: { min: 1, max: 8, call: indexed },
  list: { min: 0, max: ANY, call: (args) => args },
  first: fixed(1, ([values]) => list(values)[0] ?? null),
  last: fixed(1, ([values]) => list(values).at(-1) ?? null),
  rest: fixed(1, ([values]) => list(values).slice(1)),
  uniq: fixed(1, ([values]) => [...new Set(list(values))]),
  sortAlpha: fixed(1, ([values]) => textsOf(values).toSorted()),
  has: fixed(2, ([item = null, values]) => list(values).includes(item)),
  join: fixed(2, ([by, values]) => joined(text(by), textsOf(values))),
  splitList: texts(2, (by = '', from = '') => split(by, from)),
  add: {
    min: 1,
    max: ANY,
    call: (args) => args.reduce<number>((sum, each) => sum + numberOf(each), 0),
  },
  sub: fixed(2, ([a, b]) => numberOf(a) - numberOf(b)),
};

/** A letter that begins a word (Go, `strings.Title`): behind ASCII other than letters, digits and `_`, or white space. */
const WORD_START = /(?<=^|[^\w\u{80}-\u{10ffff}]|\s)\p{L}/gu;

const TEXTS: Readonly<Record<string, TemplateFunction>> = {
  print: { min: 0, max: ANY, call: printed },
  println: { min: 0, max: ANY, call: (args) => `${args.map(text).join(' ')}\n` },
  printf: { min: 1, max: ANY, call: formatted },
  lower: texts(1, (from = '') => from.toLowerCase()),
  upper: texts(1, (from = '') => from.toUpperCase()),
  title: texts(1, (from = '') => from.replaceAll(WORD_START, (start) => start.toUpperCase())),
  trim: texts(1, (from = '') => from.trim()),
  trimAll: texts(2, (cut = '', from = '') => trimmedOf(cut, from)),
  trimPrefix: texts(2, (cut = '', from = '') =>
    from.startsWith(cut) ? from.slice(cut.length) : from,
  ),
  trimSuffix: texts(2, (cut = '', from = '') =>
    from.endsWith(cut) ? from.slice(0, from.length - cut.length) : from,
  ),
  replace: texts(3, (before = '', after = '', from = '') => replaced(before, after, from)),
  contains: texts(2, (part = '', from = '') => from.includes(part)),
  hasPrefix: texts(2, (part = '', from = '') => from.startsWith(part)),
  hasSuffix: texts(2, (part = '', from = '') => from.endsWith(part)),
  nospace: texts(1, (from = '') => from.replaceAll(/\s+/g, '')),
  quote: {
    min: 1,
    max: ANY,
    call: (args) =>
      textsOf(args)
        .map((each) => JSON.stringify(each))
        .join(' '),
  },
  squote: {
    min: 1,
    max: ANY,
    call: (args) =>
      textsOf(args)
        .map((each) => `'${each}'`)
        .join(' '),
  },
  toString: fixed(1, ([value]) => text(value)),
  trunc: fixed(2, ([max, from]) => abbreviated(numberOf(max), text(from))),
  repeat: fixed(2, ([count, each]) => repeated(numberOf(count), text(each))),
  indent: fixed(2, ([count, from]) => indented(numberOf(count), text(from))),
  nindent: fixed(2, ([count, from]) => `\n${indented(numberOf(count), text(from))}`),
  base: texts(1, (path = '') => baseOf(path)),
  dir: texts(1, (path = '') => dirOf(path)),
};

/** All functions by name. */
export const FUNCTIONS: ReadonlyMap<string, TemplateFunction> = new Map(
  Object.entries({ ...LOGIC, ...LISTS, ...TEXTS }),
);
