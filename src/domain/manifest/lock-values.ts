import type { Finding, Location } from '../errors.ts';
import { isTag } from '../image-reference.ts';
import type { Lock, LockScope } from './image-field.ts';

/** The words of a lock as they stand in a marker or in annotations, unchecked. */
export interface LockWords {
  readonly lock: string;
  readonly reason?: string | undefined;
  readonly by?: string | undefined;
  readonly until?: string | undefined;
}

/** A lock, or nothing where the words say "not locked", with what is wrong about the words. */
export interface ReadLock {
  readonly lock?: Lock;
  readonly findings: readonly Finding[];
}

const DIGEST = /^(sha256:[a-f0-9]{64}|sha512:[a-f0-9]{128})$/;
const RFC_3339 = /^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})$/;

/** Is it an image digest with a registered algorithm? (OCI image-spec 1.1, "Digests") */
export function isDigest(text: string): boolean {
  return DIGEST.test(text);
}

/** Is it a moment in RFC 3339 that exists? */
export function isMoment(text: string): boolean {
  return RFC_3339.test(text) && !Number.isNaN(Date.parse(text));
}

/**
 * Reads a lock. It fails safe: a lock whose tag or expiry makes no sense still holds, at what is
 * there and without an end, and says so.
 */
export function readLock(words: LockWords, scope: LockScope, at: Location): ReadLock {
  if (words.lock === 'false') return { findings: [] };
  const findings: Finding[] = [];
  const complain = (message: string): void => {
    findings.push({
      severity: 'error',
      code: 'lock/invalid',
      message,
      at,
    });
  };
  const target = readTarget(words.lock);
  if (!target) {
    complain(
      `the lock ${quote(words.lock)} is no tag, tag@digest or digest, nor "true"; held at what is there`,
    );
  }
  const untilValid = words.until === undefined || isMoment(words.until);
  if (!untilValid) {
    complain(
      `lock-until ${quote(words.until ?? '')} is no RFC 3339 time such as 2030-01-31T18:00:00Z; locked without an end`,
    );
  }
  return {
    lock: {
      scope,
      ...target,
      ...(words.reason === undefined ? {} : { reason: words.reason }),
      ...(words.by === undefined ? {} : { by: words.by }),
      ...(words.until === undefined || !untilValid ? {} : { until: words.until }),
      at,
    },
    findings,
  };
}

/** `true`, `tag`, `tag@digest` or `digest`; undefined when it is none of these. */
function readTarget(text: string): { tag?: string; digest?: string } | undefined {
  if (text === 'true') return {};
  if (isTag(text)) return { tag: text };
  if (isDigest(text)) return { digest: text };
  const cut = text.indexOf('@');
  const [tag, digest] = [text.slice(0, cut), text.slice(cut + 1)];
  return cut > 0 && isTag(tag) && isDigest(digest) ? { tag, digest } : undefined;
}

/** The word that {@link readLock} reads back as this target. */
export function lockWord(lock: Pick<Lock, 'tag' | 'digest'>): string {
  return [lock.tag, lock.digest].filter((part) => part !== undefined).join('@') || 'true';
}

function quote(text: string): string {
  return JSON.stringify(text.slice(0, 80));
}
