import type { SchemaIssue } from '../../api/schema.ts';
import { suggestion } from './suggestion.ts';

/** What stands at the place of an issue. */
export interface Given {
  readonly value: unknown;
  /** The scalar as it is written, where it is one. */
  readonly source: string | undefined;
}

/** Longest value that a message repeats. */
const MAX_SHOWN_CHARS = 80;

/** What is wrong and the mend, in one line and in the words of a person who writes YAML. */
export function describeIssue(issue: SchemaIssue, given: Given): string {
  if (given.value === undefined) return 'required, but not given';
  switch (issue.code) {
    case 'invalid_type':
      return wrongType(issue.expected, given);
    case 'invalid_value':
      return notOneOf(issue.values.map(String), given);
    case 'too_big':
      return `must have at most ${issue.maximum} ${unitOf(issue.origin)}`;
    case 'too_small':
      return Number(issue.minimum) === 1
        ? 'must not be empty'
        : `must have at least ${issue.minimum} ${unitOf(issue.origin)}`;
    case 'invalid_key':
      return 'the key is too long';
    default:
      return issue.message;
  }
}

function wrongType(expected: string, { value, source }: Given): string {
  if (value === null) return 'is empty; give it a value, or remove it';
  switch (expected) {
    case 'string':
      if (source === undefined) return `must be a string, not ${kindOf(value)}`;
      return source.length > MAX_SHOWN_CHARS
        ? 'must be a string; quote it'
        : `must be a string; quote it: ${JSON.stringify(source)}`;
    case 'boolean':
      return /^(true|false)$/.test(source ?? '')
        ? `must be true or false, without quotes`
        : 'must be true or false';
    case 'array':
      return `must be a list, not ${kindOf(value)}`;
    default:
      return `must be a map of fields, not ${kindOf(value)}`;
  }
}

function notOneOf(values: readonly string[], { value, source }: Given): string {
  const list = `must be one of ${values.join(', ')}`;
  if (value === null) return `is empty; it ${list}`;
  const meant = source === undefined ? undefined : suggestion(source, values);
  return meant === undefined ? list : `${list}; did you mean ${meant}?`;
}

function unitOf(origin: string): string {
  return origin === 'array' ? 'entries' : 'characters';
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'a map' : `a ${typeof value}`;
}
