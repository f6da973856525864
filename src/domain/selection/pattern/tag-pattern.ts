import { RE2JS, RE2JSSyntaxException } from 're2js';
import { AppError } from '../../errors.ts';
import { nativeEquivalent } from './native.ts';

/** A compiled RE2 pattern. Time is linear in the tag, whatever the pattern. */
export interface TagPattern {
  readonly source: string;
  /** Groups of the pattern, without the whole match. */
  readonly groupCount: number;
  /** Numbers of the named groups. */
  readonly groupNames: ReadonlyMap<string, number>;
  /** Does the pattern match somewhere in the text? */
  test(text: string): boolean;
  /** The leftmost match: the whole and its groups by number, undefined for a group that took no part. */
  match(text: string): readonly (string | undefined)[] | undefined;
}

/**
 * Largest program of the RE2 engine. Its time for one tag grows with text times program: at this size
 * the worst pattern known takes 2 ms for a tag of 128 characters. `[0-9a-f]{1,128}` is about 260.
 */
const MAX_PROGRAM = 500;

/** What the native equivalent was proven for, and the length of the longest tag. */
const ASCII_TAG = /^[ -~]{0,128}$/;

/**
 * Compiles a pattern in RE2 syntax, as Go's `regexp` has it.
 * @param field where the user wrote it, for messages
 * @throws AppError `policy/invalid-pattern`
 */
export function compilePattern(source: string, field = 'pattern'): TagPattern {
  const re2 = parse(source, field);
  if (re2.programSize() > MAX_PROGRAM) {
    throw invalid(field, source, 'is too large; use fewer or smaller repeat counts');
  }
  const native = nativeEquivalent(source);
  return {
    source,
    groupCount: re2.groupCount(),
    groupNames: new Map(Object.entries(re2.namedGroups())),
    test: (text) =>
      native !== undefined && ASCII_TAG.test(text) ? native.test(text) : re2.test(text),
    match: (text) =>
      native !== undefined && ASCII_TAG.test(text)
        ? (native.exec(text) ?? undefined)
        : matchRe2(re2, text),
  };
}

function matchRe2(re2: RE2JS, text: string): readonly (string | undefined)[] | undefined {
  const matcher = re2.matcher(text);
  if (!matcher.find()) return undefined;
  const groups: (string | undefined)[] = [];
  for (let group = 0; group <= re2.groupCount(); group++) {
    groups.push(matcher.group(group) ?? undefined);
  }
  return groups;
}

function parse(source: string, field: string): RE2JS {
  try {
    return RE2JS.compile(source);
  } catch (error) {
    if (!(error instanceof RE2JSSyntaxException)) throw error;
    throw invalid(field, source, faultOf(error, field), error);
  }
}

function faultOf(error: RE2JSSyntaxException, field: string): string {
  const fragment = error.getPattern() ?? '';
  if (/^\(\?<?[=!]/.test(fragment)) {
    const mend = field === 'filterTags.pattern' ? '; use filterTags.exclude to leave tags out' : '';
    return `uses look-around "${fragment.slice(0, 4)}", which RE2 does not have${mend}`;
  }
  if (/^\\[1-9k]/.test(fragment)) {
    return `uses the back-reference "${fragment}", which RE2 does not have`;
  }
  const place = fragment === '' ? '' : ` at "${shortened(fragment)}"`;
  return `is not valid RE2 syntax: ${error.getDescription()}${place}`;
}

function invalid(field: string, source: string, fault: string, cause?: unknown): AppError {
  const message = `${field} ${JSON.stringify(shortened(source))} ${fault}`;
  return new AppError('policy/invalid-pattern', message, { cause });
}

function shortened(source: string): string {
  return source.length > 80 ? `${source.slice(0, 80)}…` : source;
}
