import type { FilterTags, TagPolicy } from '../../api/image-policy.ts';

/** What decides among tags: the part of an ImagePolicy that needs no registry. */
export interface SelectionRules {
  readonly policy: TagPolicy;
  readonly filterTags?: FilterTags | undefined;
}

/**
 * What became of one tag: `selected` (the choice), `eligible` (allowed, but the choice is preferred),
 * `waiting` (allowed, but not yet) or `rejected`; `reason` is one line for a person.
 */
export interface TagVerdict {
  readonly tag: string;
  readonly verdict: 'selected' | 'eligible' | 'waiting' | 'rejected';
  readonly reason: string;
}

/** The choice after gates were asked. */
export interface GatedChoice {
  /** Undefined: none. */
  readonly tag: string | undefined;
  /** Verdicts on the tags that were not let through. */
  readonly passedOver: readonly TagVerdict[];
}

/** No tag is allowed, and why. */
export interface NoSelection {
  readonly kind: 'none';
  readonly reason: 'NoTags' | 'NoMatchingTag';
  readonly message: string;
}

/** The choice, or why there is none. "No match" is an answer and not an error. */
export type Selection = { readonly kind: 'selected'; readonly tag: string } | NoSelection;

/** The allowed tags, or why there is none. */
export type Ranking =
  | {
      readonly kind: 'ranked';
      /** The tag that so many newer ones are allowed before, from 0; undefined when there are no more. */
      readonly tagAt: (index: number) => string | undefined;
    }
  | NoSelection;

/** A selection with a verdict for every tag: the allowed ones newest first, then the others by name. */
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
  /**
   * The allowed tags, newest first, for gates that may pass some of them over.
   * @param tags distinct
   */
  rank(tags: Iterable<string>): Ranking;
  /** The same choice with a verdict for every distinct tag. @param gated what gates made of it */
  explain(tags: Iterable<string>, gated?: GatedChoice): ExplainedSelection;
  /**
   * The policy's order between two tags: negative when `a` is older than `b`, positive when newer,
   * 0 when neither. Undefined when the rules cannot order one of them (`latest` under semver).
   * Ranges and exclusions do not matter here: a tag outside the range still has an age.
   */
  compare(a: string, b: string): number | undefined;
}
