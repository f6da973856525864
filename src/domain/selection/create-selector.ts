import type { SelectionRules, Selection, TagSelector, TagVerdict } from './selector.ts';
import { compareKeys, type SortKey } from './sort-key.ts';
import { createTagFilter, type Rejection } from './tag-filter.ts';
import { createTagOrder } from './tag-order.ts';

/** The key that an allowed tag is ordered by, or why the tag is not allowed. */
type Judgement = SortKey | Rejection;

/** The judge of a tag, and what the policy's order says about two keys. */
interface Rules {
  judge(tag: string): Judgement;
  compareKeys(a: SortKey, b: SortKey): number;
  /** The reason for a person, with the extracted text where that is what fails. */
  describe(tag: string, rejection: Rejection): string;
  readonly choice: string;
}

/**
 * Compiles the rules of a policy. The order in which tags are given never matters: of tags that are
 * equal in the policy's order, the one whose name comes first by code point wins (`1.2.3` before
 * `v1.2.3`).
 *
 * In {@link TagSelector.compare} a tag that `filterTags.pattern` does not match has no age: it
 * belongs to another line of tags.
 * @throws AppError `policy/invalid-range`, `policy/invalid-pattern`; `resource/not-supported` for `newest`
 */
export function createSelector(rules: SelectionRules): TagSelector {
  const order = createTagOrder(rules.policy);
  const filter = createTagFilter(rules.filterTags);
  const compare = (a: SortKey, b: SortKey) =>
    order.newest === 'largest' ? compareKeys(a, b) : compareKeys(b, a);

  const age = (tag: string): SortKey | undefined => {
    const text = filter.orderedText(tag);
    return typeof text === 'string' ? order.key(text) : undefined;
  };
  const memory = new JudgementMemory((tag) => {
    const text = filter.orderedText(tag);
    if (typeof text !== 'string') return text;
    const excluded = filter.exclusion(tag);
    if (excluded !== undefined) return excluded;
    const key = order.key(text);
    return key === undefined ? order.unordered : (order.exclusion(key) ?? key);
  });
  const describe = (tag: string, { reason }: Rejection): string => {
    const text = filter.orderedText(tag);
    const isAboutTag = typeof text !== 'string' || text === tag || filter.exclusion(tag);
    return isAboutTag ? reason : `gives ${JSON.stringify(text)}, which ${reason}`;
  };
  const compiled: Rules = {
    judge: (tag) => memory.judge(tag),
    compareKeys: compare,
    describe,
    choice: order.choice,
  };

  return {
    select: (tags) => {
      memory.beginScan();
      return choose(tags, compiled);
    },
    explain: (tags) => {
      memory.beginScan();
      const all = [...tags];
      const selection = choose(all, compiled);
      return { selection, verdicts: verdictsOf(new Set(all), compiled) };
    },
    compare: (a, b) => {
      const left = age(a);
      const right = age(b);
      return left === undefined || right === undefined ? undefined : compare(left, right);
    },
  };
}

/** Remembers judgements, so that a further scan of a repository costs only what is new in it. */
class JudgementMemory {
  /** How far beyond twice the last list the memory may grow before it starts afresh. */
  static readonly #slack = 1000;
  readonly #judge: (tag: string) => Judgement;
  #known = new Map<string, Judgement>();
  #asked = 0;

  constructor(judge: (tag: string) => Judgement) {
    this.#judge = judge;
  }

  /** Forgets when most of what is known is no longer listed. */
  beginScan(): void {
    if (this.#known.size > 2 * this.#asked + JudgementMemory.#slack) this.#known = new Map();
    this.#asked = 0;
  }

  judge(tag: string): Judgement {
    this.#asked += 1;
    let judgement = this.#known.get(tag);
    if (judgement === undefined) {
      judgement = this.#judge(tag);
      this.#known.set(tag, judgement);
    }
    return judgement;
  }
}

function choose(tags: Iterable<string>, { judge, compareKeys: compare }: Rules): Selection {
  const rejected = new Map<Rejection, number>();
  let best: { tag: string; key: SortKey } | undefined;
  let count = 0;
  for (const tag of tags) {
    count += 1;
    const judgement = judge(tag);
    if (typeof judgement !== 'string') {
      rejected.set(judgement, (rejected.get(judgement) ?? 0) + 1);
      continue;
    }
    const difference = best === undefined ? 1 : compare(judgement, best.key);
    if (best === undefined || difference > 0 || (difference === 0 && tag < best.tag)) {
      best = { tag, key: judgement };
    }
  }
  if (best !== undefined) return { kind: 'selected', tag: best.tag };
  if (count === 0) return { kind: 'none', reason: 'NoTags', message: 'the repository has no tags' };
  return { kind: 'none', reason: 'NoMatchingTag', message: noMatchMessage(count, rejected) };
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

function verdictsOf(
  tags: ReadonlySet<string>,
  { judge, compareKeys: compare, describe, choice }: Rules,
): TagVerdict[] {
  const allowed: { tag: string; key: SortKey }[] = [];
  const rejected: TagVerdict[] = [];
  for (const tag of tags) {
    const judgement = judge(tag);
    if (typeof judgement === 'string') allowed.push({ tag, key: judgement });
    else rejected.push({ tag, verdict: 'rejected', reason: describe(tag, judgement) });
  }
  allowed.sort((a, b) => compare(b.key, a.key) || compareKeys(a.tag, b.tag));
  rejected.sort((a, b) => compareKeys(a.tag, b.tag));

  const newest = allowed[0];
  const verdicts = allowed.map(({ tag, key }): TagVerdict => {
    if (newest === undefined || tag === newest.tag) {
      return { tag, verdict: 'selected', reason: `is ${choice}` };
    }
    const isTie = compare(key, newest.key) === 0;
    const reason = isTie
      ? `is allowed, but equals ${newest.tag}, whose name comes first`
      : `is allowed, but ${newest.tag} is preferred`;
    return { tag, verdict: 'eligible', reason };
  });
  return [...verdicts, ...rejected];
}
