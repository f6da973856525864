import type { ImagePolicySpec } from '../../api/image-policy.ts';
import { parseDuration } from '../../domain/schedule.ts';
import type { CronTimes } from '../../ports/ports.ts';

/** When a policy is to be scanned after `last`: by its cron schedule, else by its interval. */
export function nextScan(
  spec: Pick<ImagePolicySpec, 'interval' | 'schedule'>,
  last: Date,
  cron: CronTimes,
): Date {
  if (spec.schedule !== undefined) {
    return cron.next(spec.schedule.cron, spec.schedule.timeZone, last);
  }
  return new Date(last.getTime() + parseDuration(spec.interval));
}
