import { readRecord, type RecordedStep } from '../commit-record.ts';
import type { PolicyKey } from '../manifest/image-field.ts';
import { isSameTarget, type Hold } from '../plan/hold.ts';

/** Whose a branch or a pull request is: there is one living one for each group. */
export interface PullRequestGroup {
  /** `namespace/name` of the automation. */
  readonly automation: string;
  /** Name of the group: `all`, `policy apps/podinfo` or `path deploy/apps`. */
  readonly group: string;
}

/** A pull request as its forge gives it, as far as its record goes. */
interface Recorded {
  readonly number: number;
  readonly url: string;
  readonly body: string;
  readonly state: 'open' | 'merged' | 'closed';
  readonly closedBy?: string;
}

const GROUP = 'Lockkeeper-Group';
const SUPERSEDED = 'Lockkeeper-Superseded: yes';

/** The trailer by which a commit or a pull request is known to be of a group. */
export function groupTrailer({ automation, group }: PullRequestGroup): string {
  return `${GROUP}: ${automation} ${group}`;
}

/** The group that a text is of, by its trailer; undefined: of none. */
export function groupOf(text: string): PullRequestGroup | undefined {
  const found = /^Lockkeeper-Group: (\S+) (.+?)\s*$/m.exec(text);
  return found === null ? undefined : { automation: found[1] ?? '', group: found[2] ?? '' };
}

/**
 * The body of a pull request that this program itself is about to close: nobody refuses what it proposed.
 */
export function supersededBody(body: string): string {
  return isSuperseded(body) ? body : `${body.trimEnd()}\n${SUPERSEDED}\n`;
}

/** Did this program close the pull request itself? */
export function isSuperseded(body: string): boolean {
  return lines(body).includes(SUPERSEDED);
}

/** What a pull request proposes, by its trailers. */
export function proposedBy({ body }: Pick<Recorded, 'body'>): readonly RecordedStep[] {
  // What was written in a browser ends its lines in CR LF.
  return readRecord(lines(body).join('\n')).steps;
}

/** Is a choice of a policy in one of these pull requests? */
export function isProposed(
  { policy, to }: RecordedStep,
  open: readonly Pick<Recorded, 'body'>[],
): boolean {
  return open.some((request) =>
    proposedBy(request).some((step) => step.policy === policy && isSameTarget(step.to, to)),
  );
}

/**
 * What persons refused of a policy's choices by closing pull requests without merging them, since one was
 * last merged that moved it.
 * @param ended pull requests of one branch that are open no more, newest first
 */
export function refusedOf(policy: PolicyKey, ended: readonly Recorded[]): readonly Hold[] {
  const holds: Hold[] = [];
  for (const request of ended) {
    const steps = proposedBy(request).filter((step) => step.policy === policy);
    if (steps.length === 0 || isSuperseded(request.body)) continue;
    if (request.state === 'merged') break;
    const { url: pullRequest, closedBy } = request;
    const by = closedBy === undefined ? {} : { by: closedBy };
    holds.push(...steps.map(({ to }): Hold => ({ rejected: to, pullRequest, ...by })));
  }
  return holds;
}

function lines(text: string): readonly string[] {
  return text.split(/\r?\n/).map((line) => line.trimEnd());
}
