import { chooseTag, explainTags, rankTags, type Judgement, type TagRules } from './choose-tag.ts';
import type { ImageTimes } from './image-times.ts';
import type { SelectionRules, TagSelector } from './selector.ts';
import { compareKeys, type SortKey } from './sort-key.ts';
import { createTagFilter } from './tag-filter.ts';
import { createTagOrder } from './tag-order.ts';

/** How far beyond twice the last list the memory of a selector may grow before it starts afresh. */
const MEMORY_SLACK = 1000;

/**
 * Compiles the rules of a policy. The order in which tags are given never matters: of tags that are
 * equal in the policy's order, the one whose name comes first by code point wins (`1.2.3` before
 * `v1.2.3`).
 *
 * In {@link TagSelector.compare} a tag that `filterTags.pattern` does not match has no age: it
 * belongs to another line of tags.
 * @param times of the images, for `policy.newest`; a selector is then good for one scan
 * @throws AppError `policy/invalid-range`, `policy/invalid-pattern`
 */
export function createSelector(rules: SelectionRules, times?: ImageTimes): TagSelector {
  const compiled = compileRules(rules, times);
  const memory = new JudgementMemory(compiled.judge);
  const remembering: TagRules = { ...compiled, judge: (tag) => memory.judge(tag) };
  return {
    select: (tags) => {
      memory.beginScan();
      return chooseTag(tags, remembering);
    },
    rank: (tags) => {
      memory.beginScan();
      return rankTags(tags, remembering);
    },
    explain: (tags, gated) => {
      memory.beginScan();
      return explainTags([...tags], remembering, gated);
    },
    compare: (a, b) => {
      const left = compiled.age(a);
      const right = compiled.age(b);
      return left === undefined || right === undefined ? undefined : compiled.compare(left, right);
    },
  };
}

/** The rules, and the key of any tag that can be ordered, allowed or not. */
function compileRules(
  rules: SelectionRules,
  times: ImageTimes | undefined,
): TagRules & { readonly age: (tag: string) => SortKey | undefined } {
  const order = createTagOrder(rules.policy, times);
  const filter = createTagFilter(rules.filterTags);
  return {
    judge: (tag) => {
      const text = filter.orderedText(tag);
      if (typeof text !== 'string') return text;
      const excluded = filter.exclusion(tag);
      if (excluded !== undefined) return excluded;
      const key = order.key(text);
      return key === undefined ? order.unordered(text) : (order.exclusion(key) ?? key);
    },
    describe: (tag, { reason }) => {
      const text = filter.orderedText(tag);
      const isAboutTag =
        typeof text !== 'string' || text === tag || filter.exclusion(tag) !== undefined;
      return isAboutTag ? reason : `gives ${JSON.stringify(text)}, which ${reason}`;
    },
    compare: (a, b) => (order.newest === 'largest' ? compareKeys(a, b) : compareKeys(b, a)),
    choice: order.choice,
    age: (tag) => {
      const text = filter.orderedText(tag);
      return typeof text === 'string' ? order.key(text) : undefined;
    },
  };
}

/** Remembers judgements, so that a further scan of a repository costs only what is new in it. */
class JudgementMemory {
  readonly #judge: (tag: string) => Judgement;
  #known = new Map<string, Judgement>();
  #asked = 0;

  constructor(judge: (tag: string) => Judgement) {
    this.#judge = judge;
  }

  /** Forgets when most of what is known is no longer listed. */
  beginScan(): void {
    if (this.#known.size > 2 * this.#asked + MEMORY_SLACK) this.#known = new Map();
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
