const PREFIX = 'team:';

/** The team that `team:NAME` among the reviewers names; undefined for a person. */
export function teamOf(reviewer: string): string | undefined {
  return reviewer.startsWith(PREFIX) ? reviewer.slice(PREFIX.length) : undefined;
}
