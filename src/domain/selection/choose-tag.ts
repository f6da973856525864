import { LazyOrder } from './lazy-order.ts';
import type {
  ExplainedSelection,
  GatedChoice,
  NoSelection,
  Ranking,
  Selection,
  TagVerdict,
} from './selector.ts';
import { compareKeys, type SortKey } from './sort-key.ts';
import type { Rejection } from './tag-filter.ts';

/** The key that an allowed tag is ordered by, or why the tag is not allowed. */
export type Judgement = SortKey | Rejection;

/** What choosing among tags needs to know of a policy. */
export interface TagRules {
  readonly judge: (tag: string) => Judgement;
  /** The policy's order: positive when `a` is newer. */
  readonly compare: (a: SortKey, b: SortKey) => number;
  /** A rejection for a person, with the extracted text where that is at fault. */
  readonly describe: (tag: string, rejection: Rejection) => string;
  /** What the chosen tag is, such as `the largest number`. */
  readonly choice: string;
}

/** An allowed tag and its key. */
interface Candidate {
  readonly tag: string;
  readonly key: SortKey;
}

/** The newest allowed tag, in one pass. */
export function chooseTag(tags: Iterable<string>, { judge, compare }: TagRules): Selection {
  const rejected = new Map<Rejection, number>();
  let best: Candidate | undefined;
  for (const tag of tags) {
    const key = judge(tag);
    if (typeof key !== 'string') {
      rejected.set(key, (rejected.get(key) ?? 0) + 1);
      continue;
    }
    const difference = best === undefined ? 1 : compare(key, best.key);
    if (best === undefined || difference > 0 || (difference === 0 && tag < best.tag)) {
      best = { tag, key };
    }
  }
  return best === undefined ? noSelection(rejected) : { kind: 'selected', tag: best.tag };
}

/** All allowed tags, newest first; only as many are put in order as are asked for. */
export function rankTags(tags: Iterable<string>, { judge, compare }: TagRules): Ranking {
  const rejected = new Map<Rejection, number>();
  const allowed: Candidate[] = [];
  for (const tag of tags) {
    const key = judge(tag);
    if (typeof key === 'string') allowed.push({ tag, key });
    else rejected.set(key, (rejected.get(key) ?? 0) + 1);
  }
  if (allowed.length === 0) return noSelection(rejected);
  const newestFirst = new LazyOrder(
    allowed,
    (a, b) => compare(b.key, a.key) || compareKeys(a.tag, b.tag),
  );
  return { kind: 'ranked', tagAt: (index) => newestFirst.at(index)?.tag };
}

/** The same choice, or the one that gates made of it, with a verdict for every distinct tag. */
export function explainTags(
  tags: readonly string[],
  rules: TagRules,
  gated?: GatedChoice,
): ExplainedSelection {
  const allowed: Candidate[] = [];
  const rejected: TagVerdict[] = [];
  for (const tag of new Set(tags)) {
    const key = rules.judge(tag);
    if (typeof key === 'string') allowed.push({ tag, key });
    else rejected.push({ tag, verdict: 'rejected', reason: rules.describe(tag, key) });
  }
  allowed.sort((a, b) => rules.compare(b.key, a.key) || compareKeys(a.tag, b.tag));
  rejected.sort((a, b) => compareKeys(a.tag, b.tag));
  const chosen = gated === undefined ? allowed[0]?.tag : gated.tag;
  const verdictOn = verdicts(
    allowed.find(({ tag }) => tag === chosen),
    rules,
    gated,
  );
  return { selection: chooseTag(tags, rules), verdicts: [...allowed.map(verdictOn), ...rejected] };
}

function verdicts(
  chosen: Candidate | undefined,
  { compare, choice }: TagRules,
  gated: GatedChoice | undefined,
): (candidate: Candidate) => TagVerdict {
  const passedOver = new Map(gated?.passedOver.map((verdict) => [verdict.tag, verdict]));
  return ({ tag, key }) => {
    const objection = passedOver.get(tag);
    if (objection !== undefined) return objection;
    if (tag === chosen?.tag) {
      const reason =
        passedOver.size === 0 ? `is ${choice}` : `is ${choice} that the gates let through`;
      return { tag, verdict: 'selected', reason };
    }
    if (chosen === undefined) return { tag, verdict: 'eligible', reason: 'is allowed' };
    const isTie = compare(key, chosen.key) === 0;
    const reason = isTie
      ? `is allowed, but equals ${chosen.tag}, whose name comes first`
      : `is allowed, but ${chosen.tag} is preferred`;
    return { tag, verdict: 'eligible', reason };
  };
}

function noSelection(rejected: ReadonlyMap<Rejection, number>): NoSelection {
  const count = [...rejected.values()].reduce((sum, times) => sum + times, 0);
  return count === 0
    ? { kind: 'none', reason: 'NoTags', message: 'the repository has no tags' }
    : { kind: 'none', reason: 'NoMatchingTag', message: noMatchMessage(count, rejected) };
}

/** Such as `none of the 3 tags is allowed: 2 × is outside range ^2.0.0, 1 × is not a valid tag`. */
function noMatchMessage(count: number, rejected: ReadonlyMap<Rejection, number>): string {
  const reasons = [...rejected]
    .toSorted(([a, m], [b, n]) => n - m || compareKeys(a.reason, b.reason))
    .map(([{ reason }, times]) => `${times} × ${reason}`);
  const subject =
    count === 1 ? 'the only tag is not allowed' : `none of the ${count} tags is allowed`;
  return `${subject}: ${reasons.join(', ')}`;
}
