import { AppError } from '../errors.ts';

/** What a template works with. `null` is a value that there is not. */
export type Value =
  string | number | boolean | null | readonly Value[] | TemplateMap | TemplateObject;

/** Values by keys, in the order of the keys. */
export interface TemplateMap {
  readonly kind: 'map';
  readonly entries: readonly (readonly [Value, Value])[];
}

/** A value with named fields. */
export interface TemplateObject {
  readonly kind: 'object';
  readonly fields: Readonly<Record<string, Value>>;
  /** How it is printed. */
  readonly text: string;
  /** What to say of fields that people look for and that there are not. */
  readonly hints?: Readonly<Record<string, string>>;
}

/** Longest message that a template may make, in characters; also the longest text within. */
const MAX_CHARS = 65_536;

/** What is said of a template that does not come to an end in time. */
export function tooMuch(): AppError {
  return templateFault('the message becomes too long, or takes too much work');
}

/** @throws AppError when a text would be too long: before it is made */
export function checkSize(chars: number): void {
  if (chars > MAX_CHARS) throw tooMuch();
}

/** A fault of a template. */
export function templateFault(message: string): AppError {
  return new AppError('resource/invalid', message);
}

/** Does a value count as true (Go, text/template)? */
export function isTrue(value: Value): boolean {
  if (value === null || typeof value !== 'object') return Boolean(value);
  if (isList(value)) return value.length > 0;
  return value.kind === 'object' || value.entries.length > 0;
}

/** How a value is printed. @throws AppError where there is none: a slip must not make a message with holes */
export function textOf(value: Value): string {
  if (value === null)
    throw templateFault('there is no such value; guard it with `if` or `default`');
  if (typeof value !== 'object') return String(value);
  if (isList(value)) return `[${value.map(textOf).join(' ')}]`;
  if (value.kind === 'object') return value.text;
  return `map[${value.entries.map(([key, each]) => `${textOf(key)}:${textOf(each)}`).join(' ')}]`;
}

/** Is it a list? */
export function isList(value: Value): value is readonly Value[] {
  return Array.isArray(value);
}

/** A number, or a text that is one. @throws AppError for everything else */
export function numberOf(value: Value = null): number {
  const parsed = typeof value === 'string' && /^-?[0-9]{1,15}$/.test(value) ? Number(value) : value;
  if (typeof parsed === 'number') return parsed;
  throw templateFault(`${JSON.stringify(textOf(value))} is no whole number`);
}

/** A field of an object, or the value of a map's key. */
export function fieldOf(value: Value, name: string): Value {
  if (value === null) throw templateFault(`.${name}: there is no value to look in`);
  if (typeof value !== 'object' || isList(value)) {
    throw templateFault(`.${name}: this value has no fields`);
  }
  if (value.kind === 'map') return value.entries.find(([key]) => key === name)?.[1] ?? null;
  const field = own(value.fields, name);
  if (field !== undefined) return field;
  const known = Object.keys(value.fields)
    .map((each) => `.${each}`)
    .join(', ');
  throw templateFault(own(value.hints ?? {}, name) ?? `there is no .${name}; there are ${known}`);
}

function own<T>(record: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}
