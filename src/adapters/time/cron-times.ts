import { CronTime } from 'cron';
import { AppError } from '../../domain/errors.ts';
import type { CronTimes } from '../../ports.ts';

/** Times of cron expressions by the `cron` library. Six fields (seconds) are refused: Kubernetes has five. */
export const cronTimes: CronTimes = {
  next(expression, timeZone, after) {
    if (expression.trim().split(/\s+/).length !== 5) {
      throw new AppError(
        'resource/invalid',
        `cron expression "${expression}" must have five fields, such as "0 6 * * 1-5"`,
      );
    }
    try {
      return new CronTime(expression, timeZone).getNextDateFrom(after, timeZone).toJSDate();
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new AppError(
        'resource/invalid',
        `cron expression "${expression}" in time zone "${timeZone}": ${reason}`,
        { cause },
      );
    }
  },
};
