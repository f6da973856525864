import type { FilterTags, TagPolicy } from '../../api/image-policy.ts';

/** What decides among tags: the part of an ImagePolicy that needs no registry. */
export interface SelectionRules {
  readonly policy: TagPolicy;
  readonly filterTags?: FilterTags | undefined;
}

/**
 * What became of one tag: `selected` (the choice), `eligible` (allowed, but the choice is newer) or
 * `rejected`; `reason` is one line for a person.
 */
export interface TagVerdict {
  readonly tag: string;
  readonly verdict: 'selected' | 'eligible' | 'rejected';
  readonly reason: string;
}

/** The choice, or why there is none. "No match" is an answer and not an error. */
export type Selection =
  | { readonly kind: 'selected'; readonly tag: string }
  | {
      readonly kind: 'none';
      readonly reason: 'NoTags' | 'NoMatchingTag';
      readonly message: string;
    };

/** A selection with a verdict for every tag: selected first, then eligible newest first, then rejected by name. */
export interface ExplainedSelection {
  readonly selection: Selection;
  readonly verdicts: readonly TagVerdict[];
}

/**
 * Compiled selection rules. Keep one per policy across scans: what it learnt about a tag is
 * remembered, so that a further scan costs only what is new.
 */
export interface TagSelector {
  /** The newest allowed tag. @param tags any order, duplicates allowed; not mutated */
  select(tags: Iterable<string>): Selection;
  /** The same choice with a verdict for every distinct tag. */
  explain(tags: Iterable<string>): ExplainedSelection;
  /**
   * The policy's order between two tags: negative when `a` is older than `b`, positive when newer,
   * 0 when neither. Undefined when the rules cannot order one of them (`latest` under semver).
   * Ranges and exclusions do not matter here: a tag outside the range still has an age.
   */
  compare(a: string, b: string): number | undefined;
}
