import type { CheckoutHistory, History } from '../../ports/history.ts';

/** What files were before, as far as there is a history of them. */
export type Past =
  | {
      readonly kind: 'told';
      readonly history: History;
      /** The commit that the files are of, but for what is not committed. */
      readonly head: string;
      /** Absent: all is. */
      readonly uncommitted?: CheckoutHistory['uncommitted'];
    }
  /** There is none, and this is why. */
  | { readonly kind: 'none'; readonly why: string };

/** A past whose history is opened when somebody looks into it. */
export type OpenPast = (signal: AbortSignal) => Promise<Past>;
