import { toSeconds } from '../../api/conditions.ts';
import {
  readRecord,
  type CommitRecord,
  type GroupMark,
  type RecordedStep,
} from '../commit-record.ts';
import type { PolicyKey } from '../manifest/image-field.ts';
import { isSameTarget, type Hold } from '../plan/hold.ts';

/** A pull request as its forge gives it, as far as its record goes. */
interface Recorded {
  readonly number: number;
  readonly url: string;
  readonly body: string;
  readonly state: 'open' | 'merged' | 'closed';
  readonly closedBy?: string;
  readonly closedAt?: Date;
}

const SUPERSEDED = 'Lockkeeper-Superseded: yes';

const PENDING = 'Lockkeeper-Pending: yes';

/** The group that a pull request is of; undefined: of none. */
export function groupOf(body: string): GroupMark | undefined {
  return recordOf(body).group;
}

/**
 * The body of a pull request that this program itself is about to close: nobody refuses what it proposed.
 */
export function supersededBody(body: string): string {
  return withTrailer(body, SUPERSEDED);
}

/**
 * The body of a pull request that waits for what is to stand beside it: labels, reviewers, auto-merge. Who dies meanwhile
 * leaves word by it, and what a person takes away once it is there does not come back.
 */
export function pendingBody(body: string): string {
  return withTrailer(body, PENDING);
}

/** Does a pull request wait for what is to stand beside it? */
export function isPending(body: string): boolean {
  return lines(body).includes(PENDING);
}

/** Did this program close the pull request itself? */
export function isSuperseded(body: string): boolean {
  return lines(body).includes(SUPERSEDED);
}

/** What a pull request proposes, by its trailers. */
export function proposedBy({ body }: Pick<Recorded, 'body'>): readonly RecordedStep[] {
  return recordOf(body).steps;
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

/** Ended ones without those that have been opened again since they were asked for. */
export function stillEnded<T extends Pick<Recorded, 'number'>>(
  ended: readonly T[],
  open: readonly Pick<Recorded, 'number'>[],
): readonly T[] {
  const reopened = new Set(open.map(({ number }) => number));
  return ended.filter(({ number }) => !reopened.has(number));
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
    const { url: pullRequest, closedBy, closedAt } = request;
    const said = {
      ...(closedBy === undefined ? {} : { by: closedBy }),
      ...(closedAt === undefined ? {} : { time: toSeconds(closedAt) }),
    };
    holds.push(...steps.map(({ to }): Hold => ({ rejected: to, pullRequest, ...said })));
  }
  return holds;
}

function withTrailer(body: string, trailer: string): string {
  return lines(body).includes(trailer) ? body : `${body.trimEnd()}\n${trailer}\n`;
}

/** What was written in a browser ends its lines in CR LF. */
function recordOf(body: string): CommitRecord {
  return readRecord(lines(body).join('\n'));
}

function lines(text: string): readonly string[] {
  return text.split(/\r?\n/).map((line) => line.trimEnd());
}
