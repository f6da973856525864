import { AppError } from '../errors.ts';
import type { TagPattern } from './pattern/tag-pattern.ts';

/** A compiled `filterTags.extract`: makes the text that the policy orders out of a match. */
export interface ExtractTemplate {
  expand(match: readonly (string | undefined)[]): string;
}

/** `$$`, `${name}`, or `$name` with the longest name possible, as Go's `regexp.Expand` reads it. */
const REFERENCE = /\$(?:(\$)|\{([\p{L}\p{Nd}_]+)\}|([\p{L}\p{Nd}_]+))?/gu;

/**
 * Compiles a template over the groups of `pattern`: `$ts`, `${ts}`, `$1`, `$$` for a dollar sign.
 * Unlike in Go, a group that the pattern lacks is an error and not an empty text: `$1_$2` asks for
 * a group named `1_`.
 * @throws AppError `policy/invalid-pattern`
 */
export function compileTemplate(template: string, pattern: TagPattern): ExtractTemplate {
  const parts: (string | number)[] = [];
  let end = 0;
  for (const match of template.matchAll(REFERENCE)) {
    parts.push(template.slice(end, match.index));
    end = match.index + match[0].length;
    const name = match[2] ?? match[3];
    parts.push(match[1] ?? groupNumber(name, { template, pattern }));
  }
  parts.push(template.slice(end));
  const used = parts.filter((part) => part !== '');
  return {
    expand: (match) => {
      let text = '';
      for (const part of used) text += typeof part === 'string' ? part : (match[part] ?? '');
      return text;
    },
  };
}

function groupNumber(
  name: string | undefined,
  { template, pattern }: { template: string; pattern: TagPattern },
): number {
  if (name === undefined) {
    throw invalid(template, 'has a "$" without a group name; write "$$" for a dollar sign');
  }
  const number = /^[0-9]+$/.test(name) ? Number(name) : pattern.groupNames.get(name);
  if (number !== undefined && number <= pattern.groupCount) return number;
  const digits = /^[0-9]+(?=[^0-9])/.exec(name)?.[0];
  const mend =
    digits === undefined
      ? `it has ${describeGroups(pattern)}`
      : `for group ${digits} write "\${${digits}}${name.slice(digits.length)}"`;
  throw invalid(template, `asks for group "${name}", which the pattern does not have; ${mend}`);
}

function describeGroups({ groupCount, groupNames }: TagPattern): string {
  if (groupCount === 0) return 'no groups';
  const names = [...groupNames.keys()].map((name) => `$${name}`);
  return [`$1 to $${groupCount}`, ...names].join(', ');
}

function invalid(template: string, fault: string): AppError {
  const shown = template.length > 80 ? `${template.slice(0, 80)}…` : template;
  return new AppError(
    'policy/invalid-pattern',
    `filterTags.extract ${JSON.stringify(shown)} ${fault}`,
  );
}
