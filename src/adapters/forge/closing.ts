import type { PullRequest } from '../../ports/forge.ts';

/** What a forge tells of the end of a pull request. */
interface Closing {
  readonly by?: string | undefined;
  /** RFC 3339. */
  readonly at?: string | null | undefined;
}

/** Who closed a pull request without merging it, and when, as far as that is known; nothing of any other. */
export function closingOf(
  state: PullRequest['state'],
  { by, at }: Closing,
): Pick<PullRequest, 'closedBy' | 'closedAt'> {
  if (state !== 'closed') return {};
  const time = new Date(at ?? NaN);
  return {
    ...(by === undefined ? {} : { closedBy: by }),
    ...(Number.isNaN(time.getTime()) ? {} : { closedAt: time }),
  };
}
