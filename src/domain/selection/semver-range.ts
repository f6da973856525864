import { AppError } from '../errors.ts';
import type { SortKey } from './sort-key.ts';
import { familyKey, isPreRelease, versionKeyOf } from './version-key.ts';

/**
 * A range of versions, with the syntax and the meaning of Masterminds/semver, which Flux uses:
 * comma or space means AND, `||` means OR; `=`, `!=`, `>`, `>=`, `<`, `<=`, `~`, `^`, `1.2 - 1.4`;
 * missing parts and `x`, `X`, `*` stand for any number.
 *
 * Pre-releases: an alternative (between `||`) lets them in when one of its constraints names one
 * (`>=1.0.0-0`, `^1.x-0`), and then lets in any that lies within; otherwise it lets in none.
 */
export interface SemverRange {
  readonly source: string;
  /** `pre-release`: it lies within, but the range does not let pre-releases in. */
  judge(version: SortKey): 'allowed' | 'pre-release' | 'outside';
}

/** Versions from `from` up to but without `to`; or, when `negated`, all the others. */
interface Constraint {
  readonly from: SortKey;
  readonly to: SortKey;
  readonly negated: boolean;
  readonly namesPreRelease: boolean;
}

/** One version of a range as written; `numbers` are those before the first missing one or `x`. */
interface Term {
  readonly operator: string;
  readonly numbers: readonly string[];
  readonly preRelease: string | undefined;
}

/** Second spellings of operators. */
const SAME_OPERATOR: ReadonlyMap<string, string> = new Map([
  ['=>', '>='],
  ['=<', '<='],
  ['~>', '~'],
]);

const FIRST: SortKey = '';
const TERM =
  /(=>|>=|<=|=<|!=|~>|[=<>~^])?\s*v?([0-9]+|[xX*])(?:\.([0-9]+|[xX*]))?(?:\.([0-9]+|[xX*]))?(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?(?:\+[0-9A-Za-z.-]+)?(?=[\s,]|$)/y;
const HYPHEN = /\s+-\s+/y;
const SEPARATOR = /\s*,\s*|\s+/y;
/** Longest range that is read; the schema's limit too. */
const MAX_RANGE_CHARS = 512;

/**
 * Reads a range.
 * @throws AppError `policy/invalid-range`; an empty range too, as in Flux: `*` says it better
 */
export function parseRange(source: string): SemverRange {
  if (source.length > MAX_RANGE_CHARS) throw invalid(source, 'is too long');
  const alternatives = source.split('||').map((text) => {
    const all = parseAlternative(text.trim(), source);
    return { all, admitsPreReleases: all.some((constraint) => constraint.namesPreRelease) };
  });
  return {
    source,
    judge: (version) => {
      let within = false;
      for (const { all, admitsPreReleases } of alternatives) {
        if (!all.every((constraint) => holds(constraint, version))) continue;
        if (admitsPreReleases || !isPreRelease(version)) return 'allowed';
        within = true;
      }
      return within ? 'pre-release' : 'outside';
    },
  };
}

function holds(constraint: Constraint, version: SortKey): boolean {
  return (version >= constraint.from && version < constraint.to) !== constraint.negated;
}

function parseAlternative(text: string, source: string): Constraint[] {
  if (text === '')
    throw invalid(source, source.trim() === '' ? 'is empty' : 'has an empty side of ||');
  const constraints: Constraint[] = [];
  let at = 0;
  while (at < text.length) {
    const first = readTerm(text, at, source);
    at = first.end;
    const hyphenEnd = first.term.operator === '' ? skip(HYPHEN, text, at) : undefined;
    if (hyphenEnd === undefined) {
      constraints.push(constraintOf(first.term));
    } else {
      const second = readTerm(text, hyphenEnd, source);
      if (second.term.operator !== '') throw invalid(source, 'has an operator behind " - "');
      constraints.push(constraintOf({ ...first.term, operator: '>=' }));
      constraints.push(constraintOf({ ...second.term, operator: '<=' }));
      at = second.end;
    }
    if (at === text.length) break;
    at = skip(SEPARATOR, text, at) ?? at;
    if (at === text.length) throw invalid(source, 'ends with a comma');
  }
  return constraints;
}

function readTerm(text: string, at: number, source: string): { term: Term; end: number } {
  TERM.lastIndex = at;
  const match = TERM.exec(text);
  if (match === null) {
    const rest = /^\S{0,40}/.exec(text.slice(at))?.[0] ?? '';
    throw invalid(source, `has ${JSON.stringify(rest)}, which is not a constraint`);
  }
  const [, written = '', major = '', minor = 'x', patch = 'x', preRelease] = match;
  const parts = [major, minor, patch];
  const firstAny = parts.findIndex((part) => !/^[0-9]/.test(part));
  const numbers = firstAny < 0 ? parts : parts.slice(0, firstAny);
  const operator = SAME_OPERATOR.get(written) ?? written;
  return { term: { operator, numbers, preRelease }, end: TERM.lastIndex };
}

function constraintOf(term: Term): Constraint {
  const { operator, numbers, preRelease } = term;
  const namesPreRelease = preRelease !== undefined;
  if (operator !== '!=') {
    const [from, to] = spanOf(term);
    return { from, to, negated: false, namesPreRelease };
  }
  const [low, to] = spanOf({ ...term, operator: '=' });
  // "!=1.x" means the pre-releases of 1.0.0 as well
  const from = numbers.length < 3 && !namesPreRelease ? familyKey(numbers) : low;
  return { from, to, negated: true, namesPreRelease };
}

/** Half-open span of the versions that a term allows. Ends of families need no arithmetic on numbers. */
function spanOf(term: Term): readonly [SortKey, SortKey] {
  const { numbers } = term;
  const low = lowest(term);
  const isFull = numbers.length === 3;
  switch (term.operator) {
    case '>':
      return [isFull ? after(low) : endOf(numbers), endOf([])];
    case '>=':
      return [low, endOf([])];
    case '<':
      return [FIRST, low];
    case '<=':
      return [FIRST, isFull ? after(low) : endOf(numbers)];
    case '~':
      return [low, endOf(numbers.slice(0, 2))];
    case '^':
      return [low, endOf(caretFamily(numbers))];
    default:
      return isFull ? [low, after(low)] : [low, endOf(numbers)];
  }
}

/** The leading numbers that `^` keeps: up to and with the first that is not zero. */
function caretFamily(numbers: readonly string[]): readonly string[] {
  const significant = numbers.findIndex((number) => !/^0+$/.test(number));
  return significant < 0 ? numbers : numbers.slice(0, significant + 1);
}

/** The least version of a term, with zeros for what is missing. */
function lowest({ numbers, preRelease }: Term): SortKey {
  return versionKeyOf([...numbers, '0', '0', '0'].slice(0, 3), preRelease);
}

/** The least key above `key`. */
function after(key: SortKey): SortKey {
  return `${key}\0`;
}

/** A key above all versions that start with these numbers; with no numbers, above all versions. */
function endOf(numbers: readonly string[]): SortKey {
  return `${familyKey(numbers)}\uffff`;
}

function skip(pattern: RegExp, text: string, at: number): number | undefined {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : undefined;
}

function invalid(source: string, fault: string): AppError {
  const shown = source.length > 80 ? `${source.slice(0, 80)}…` : source;
  return new AppError(
    'policy/invalid-range',
    `semver range ${JSON.stringify(shown)} ${fault}; write for example "^1.2.0", ">=1.0.0 <2.0.0" or "*"`,
  );
}
