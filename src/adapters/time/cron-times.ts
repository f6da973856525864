import { CronTime } from 'cron';
import { AppError } from '../../domain/errors.ts';
import type { CronTimes } from '../../ports/ports.ts';
import { changeOver, momentsOf, offsetsOf, type OffsetAt, type WallTime } from './wall-clock.ts';

const DAY_MS = 24 * 60 * 60_000;

/**
 * Times of cron expressions by the `cron` library. Six fields (seconds) are refused: Kubernetes has five.
 * The library is asked for times on the wall clock only, and when that shows them is found out here:
 * where a clock is changed by less than an hour, or not on the hour (Lord Howe, Chatham), the library
 * itself fires twice, too late, or goes back in time.
 */
export const cronTimes: CronTimes = {
  next(expression, timeZone, after) {
    const [, hours = '', ...others] = expression.trim().split(/\s+/);
    if (others.length !== 3) {
      throw new AppError(
        'resource/invalid',
        `cron expression "${expression}" must have five fields, such as "0 6 * * 1-5"`,
      );
    }
    try {
      const time = new CronTime(expression, 'UTC');
      const nextOnWall = (wall: WallTime) => time.getNextDateFrom(new Date(wall), 'UTC').toMillis();
      const offsetAt = offsetsOf(timeZone);
      const isHourly = hours.startsWith('*');
      return new Date(nextMoment({ nextOnWall, offsetAt, isHourly }, after.getTime()));
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

interface WallSchedule {
  readonly nextOnWall: (wall: WallTime) => WallTime;
  readonly offsetAt: OffsetAt;
  /** Does it go by the hours that pass, whatever the clock shows? */
  readonly isHourly: boolean;
}

function nextMoment(schedule: WallSchedule, after: number): number {
  const { nextOnWall, offsetAt } = schedule;
  const [before, later] = [offsetAt(after - DAY_MS), offsetAt(after + DAY_MS)];
  // Times that a clock's being put back brings again have been on the wall once.
  let wall = nextOnWall(after + offsetAt(after) - Math.abs(later - before));
  let best = Infinity;
  for (;;) {
    const moments = momentsAt(schedule, wall);
    best = Math.min(best, ...moments.filter((moment) => moment > after));
    // The first moments of later times are later.
    const [first = after] = moments;
    if (first > after) return best;
    wall = nextOnWall(wall);
  }
}

/**
 * By the rules of Vixie cron: a time that is skipped counts when the clock is put forward, and of two equal times
 * the first; what is hourly neither makes up for a time nor leaves one out.
 */
function momentsAt({ offsetAt, isHourly }: WallSchedule, wall: WallTime): readonly number[] {
  const moments = momentsOf(wall, offsetAt);
  if (isHourly) return moments;
  return moments.length === 0 ? [changeOver(wall, offsetAt)] : moments.slice(0, 1);
}
