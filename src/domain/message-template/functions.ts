import { checkSize, fieldOf, isTrue, templateFault, textOf, type Value } from './value.ts';

/** A function of templates: those of Go and of sprig that Flux users know, as far as messages need them. */
export interface TemplateFunction {
  readonly min: number;
  readonly max: number;
  readonly call: (args: readonly Value[]) => Value;
}

const ANY = 64;

function text(value: Value | undefined): string {
  return value === undefined || value === null ? '' : textOf(value);
}

function number(value: Value | undefined): number {
  const parsed = typeof value === 'string' && /^-?[0-9]{1,15}$/.test(value) ? Number(value) : value;
  if (typeof parsed === 'number') return parsed;
  throw templateFault(`${JSON.stringify(text(value))} is no whole number`);
}

function list(value: Value | undefined): readonly Value[] {
  if (Array.isArray(value)) return value as readonly Value[];
  throw templateFault('a list is needed here');
}

function texts(count: number, call: (...args: string[]) => Value): TemplateFunction {
  return { min: count, max: count, call: (args) => call(...args.map(text)) };
}

function fixed(count: number, call: (args: readonly Value[]) => Value): TemplateFunction {
  return { min: count, max: count, call };
}

function lengthOf(value: Value | undefined): number {
  if (typeof value === 'string') return new TextEncoder().encode(value).length;
  if (Array.isArray(value)) return value.length;
  if (value !== null && typeof value === 'object' && 'kind' in value && value.kind === 'map') {
    return value.entries.length;
  }
  throw templateFault('len needs a text, a list or a map');
}

/** @throws AppError for values that have no order */
function compared([a = null, b = null]: readonly Value[]): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  if (typeof a === 'string' && typeof b === 'string') return a < b ? -1 : Number(a > b);
  throw templateFault('only two texts or two numbers can be compared');
}

function indexed([value = null, ...keys]: readonly Value[]): Value {
  return keys.reduce<Value>((found, key) => {
    if (!Array.isArray(found)) return fieldOf(found, text(key));
    const at = number(key);
    const each = (found as readonly Value[])[at];
    if (each !== undefined) return each;
    throw templateFault(`index ${at} is outside a list of ${found.length}`);
  }, value);
}

function formatted([format = '', ...args]: readonly Value[]): string {
  let used = 0;
  const done = text(format).replaceAll(/%(.)/g, (_, verb: string) => {
    if (verb === '%') return '%';
    const value = args[used];
    used += 1;
    if (value === undefined) throw templateFault(`printf: there is no value for %${verb}`);
    if (verb === 'q') return JSON.stringify(text(value));
    if ('svdt'.includes(verb)) return text(value);
    throw templateFault(`printf: %${verb} is none of %s, %v, %d, %t and %q`);
  });
  if (used === args.length) return done;
  throw templateFault('printf: there are more values than verbs');
}

function trimmedOf(cut: string, from: string): string {
  let [start, end] = [0, from.length];
  while (start < end && cut.includes(from[start] ?? '')) start += 1;
  while (end > start && cut.includes(from[end - 1] ?? '')) end -= 1;
  return from.slice(start, end);
}

function indented(count: number, lines: string): string {
  if (count < 0 || count > 100) throw templateFault('an indent is from 0 to 100');
  return lines.replaceAll(/^/gm, ' '.repeat(count));
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

function abbreviated(max: number, from: string): string {
  if (max >= 0) return from.slice(0, max);
  return from.slice(Math.max(0, from.length + max));
}

function unique(values: readonly Value[]): readonly Value[] {
  return [...new Map(values.map((value) => [JSON.stringify(value), value])).values()];
}

const LOGIC: Readonly<Record<string, TemplateFunction>> = {
  and: {
    min: 1,
    max: ANY,
    call: (args) => args.find((arg) => !isTrue(arg)) ?? args.at(-1) ?? null,
  },
  or: { min: 1, max: ANY, call: (args) => args.find(isTrue) ?? args.at(-1) ?? null },
  not: fixed(1, ([value = null]) => !isTrue(value)),
  eq: { min: 2, max: ANY, call: ([first, ...rest]) => rest.some((each) => each === first) },
  ne: fixed(2, ([a, b]) => a !== b),
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
  index: { min: 2, max: 8, call: indexed },
  list: { min: 0, max: ANY, call: (args) => args },
  first: fixed(1, ([values]) => list(values)[0] ?? null),
  last: fixed(1, ([values]) => list(values).at(-1) ?? null),
  rest: fixed(1, ([values]) => list(values).slice(1)),
  uniq: fixed(1, ([values]) => unique(list(values))),
  sortAlpha: fixed(1, ([values]) => list(values).map(text).toSorted()),
  has: fixed(2, ([item, values]) => list(values).some((each) => each === item)),
  join: fixed(2, ([by, values]) => joined(text(by), list(values).map(text))),
  splitList: texts(2, (by = '', from = '') => from.split(by)),
  add: {
    min: 1,
    max: ANY,
    call: (args) => args.reduce<number>((sum, each) => sum + number(each), 0),
  },
  sub: fixed(2, ([a, b]) => number(a) - number(b)),
};

const TEXTS: Readonly<Record<string, TemplateFunction>> = {
  print: { min: 0, max: ANY, call: (args) => args.map(text).join('') },
  println: { min: 0, max: ANY, call: (args) => `${args.map(text).join(' ')}\n` },
  printf: { min: 1, max: ANY, call: formatted },
  lower: texts(1, (from = '') => from.toLowerCase()),
  upper: texts(1, (from = '') => from.toUpperCase()),
  title: texts(1, (from = '') => from.replaceAll(/(^|\s)\S/g, (start) => start.toUpperCase())),
  trim: texts(1, (from = '') => from.trim()),
  trimAll: texts(2, (cut = '', from = '') => trimmedOf(cut, from)),
  trimPrefix: texts(2, (cut = '', from = '') =>
    from.startsWith(cut) ? from.slice(cut.length) : from,
  ),
  trimSuffix: texts(2, (cut = '', from = '') =>
    from.endsWith(cut) ? from.slice(0, from.length - cut.length) : from,
  ),
  replace: texts(3, (before = '', after = '', from = '') => joined(after, from.split(before))),
  contains: texts(2, (part = '', from = '') => from.includes(part)),
  hasPrefix: texts(2, (part = '', from = '') => from.startsWith(part)),
  hasSuffix: texts(2, (part = '', from = '') => from.endsWith(part)),
  nospace: texts(1, (from = '') => from.replaceAll(/\s+/g, '')),
  quote: {
    min: 1,
    max: ANY,
    call: (args) => args.map((each) => JSON.stringify(text(each))).join(' '),
  },
  squote: { min: 1, max: ANY, call: (args) => args.map((each) => `'${text(each)}'`).join(' ') },
  toString: fixed(1, ([value]) => text(value)),
  trunc: fixed(2, ([max, from]) => abbreviated(number(max), text(from))),
  repeat: fixed(2, ([count, each]) => repeated(number(count), text(each))),
  indent: fixed(2, ([count, from]) => indented(number(count), text(from))),
  nindent: fixed(2, ([count, from]) => `\n${indented(number(count), text(from))}`),
  base: texts(1, (path = '') => path.slice(path.lastIndexOf('/') + 1)),
  dir: texts(1, (path = '') => path.slice(0, Math.max(0, path.lastIndexOf('/'))) || '.'),
};

/** All functions by name. */
export const FUNCTIONS: ReadonlyMap<string, TemplateFunction> = new Map(
  Object.entries({ ...LOGIC, ...LISTS, ...TEXTS }),
);
