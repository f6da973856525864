import { AppError, findingOf, type Finding, type Location } from '../../domain/errors.ts';
import {
  decodeManifest,
  isManifestPath,
  mayHoldLock,
  MAX_MANIFEST_BYTES,
} from '../../domain/manifest/decode.ts';
import type { Lock, LockScope } from '../../domain/manifest/image-field.ts';
import { locateLocks, type LocatedLock } from '../../domain/manifest/locate-fields.ts';
import { hasExpired, policyLock } from '../../domain/plan/effective-lock.ts';
import { formatResource } from '../../domain/plan/update-plan.ts';
import { parseResources } from '../../domain/resources/parse-resources.ts';
import type { FileSource } from '../../ports/files.ts';

/** One lock in Git. */
export interface ListedLock {
  readonly scope: LockScope;
  /** `Deployment apps/podinfo`, `ImagePolicy apps/podinfo`, or the policy that a marked field names. */
  readonly target: string;
  /** Absent: stays at whatever it holds. */
  readonly tag?: string;
  readonly digest?: string;
  readonly by?: string;
  readonly reason?: string;
  readonly until?: string;
  readonly expired: boolean;
  readonly at: Location;
}

/** Every lock of a folder or commit, by path and line. */
export interface LockList {
  readonly locks: readonly ListedLock[];
  readonly findings: readonly Finding[];
}

/** Lists locks of all three levels, expired ones included. */
export async function listLocks(
  source: FileSource,
  now: Date,
  signal: AbortSignal,
): Promise<LockList> {
  const entries = (await source.list(signal)).filter(
    ({ path, kind }) => kind === 'file' && isManifestPath(path),
  );
  const locks: ListedLock[] = [];
  const findings: Finding[] = [];
  for await (const { entry, bytes } of source.read(entries, MAX_MANIFEST_BYTES, signal)) {
    if (bytes === undefined || !mayHoldLock(bytes)) continue;
    try {
      const found = locksIn(entry.path, decodeManifest(entry.path, bytes), now);
      locks.push(...found.locks);
      findings.push(...found.findings);
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      findings.push({ ...findingOf(error, error.at ?? { path: entry.path }), severity: 'warning' });
    }
  }
  return { locks, findings };
}

function locksIn(path: string, text: string, now: Date): LockList {
  const located = locateLocks(path, text);
  const resources = parseResources(path, text);
  const ofPolicies = resources.policies.flatMap((policy) => {
    const lock = policyLock(policy);
    if (lock === undefined) return [];
    const target = `ImagePolicy ${policy.metadata.namespace}/${policy.metadata.name}`;
    return [listed({ ...lock, at: policy.at }, target, now)];
  });
  return {
    locks: [
      ...located.locks.map((each) => listed(each.lock, targetOf(each), now)),
      ...ofPolicies,
    ].toSorted((a, b) => (a.at.line ?? 0) - (b.at.line ?? 0)),
    // A policy that cannot be read may have a lock that is not listed: worth a word, not a failure.
    findings: [...located.findings, ...resources.findings].map((finding) => ({
      ...finding,
      severity: 'warning' as const,
    })),
  };
}

function targetOf(located: LocatedLock): string {
  if (located.on === 'field') {
    const { path, line } = located.field.at;
    return `${path}:${line}`;
  }
  return located.resource === undefined ? located.lock.at.path : formatResource(located.resource);
}

function listed({ scope, at, ...lock }: Lock, target: string, now: Date): ListedLock {
  return { scope, target, ...lock, expired: hasExpired(lock, now), at };
}
