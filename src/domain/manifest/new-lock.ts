import { AppError } from '../errors.ts';
import type { Lock } from './image-field.ts';
import { isTag } from '../image-reference.ts';
import { isDigest, isMoment } from './lock-values.ts';

/** A lock to be written. Without tag and digest it holds what is there. */
export type NewLock = Pick<Lock, 'tag' | 'digest' | 'reason' | 'by' | 'until'>;

/** @throws AppError `usage` when a lock could not be read back as what it says */
export function checkNewLock(lock: NewLock): void {
  if (lock.tag !== undefined && (!isTag(lock.tag) || lock.tag === 'true' || lock.tag === 'false')) {
    throw new AppError('usage', `${JSON.stringify(lock.tag)} is not a tag that can be locked to`);
  }
  if (lock.digest !== undefined && !isDigest(lock.digest)) {
    throw new AppError('usage', `${JSON.stringify(lock.digest)} is not a digest such as sha256:…`);
  }
  if (lock.until !== undefined && !isMoment(lock.until)) {
    const wanted = 'an RFC 3339 time such as 2030-01-31T18:00:00Z';
    throw new AppError('usage', `${JSON.stringify(lock.until)} is not ${wanted}`);
  }
}
