import { AppError } from '../errors.ts';

interface CronField {
  readonly name: string;
  readonly min: number;
  readonly max: number;
  /** Names of values, from `min`. */
  readonly names?: readonly string[];
}

const MONTHS = 'jan feb mar apr may jun jul aug sep oct nov dec'.split(' ');
const DAYS = 'sun mon tue wed thu fri sat'.split(' ');

const FIELDS: readonly CronField[] = [
  { name: 'minute', min: 0, max: 59 },
  { name: 'hour', min: 0, max: 23 },
  { name: 'day of month', min: 1, max: 31 },
  { name: 'month', min: 1, max: 12, names: MONTHS },
  { name: 'day of week', min: 0, max: 7, names: DAYS },
];

/** Days of the months, in a leap year. */
const MONTH_DAYS = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/**
 * Checks a cron expression of five fields (POSIX crontab, with names and steps as Vixie cron has
 * them), and that there is a day on which it happens.
 * @throws AppError `resource/invalid` that names the field at fault
 */
export function checkCron(expression: string): void {
  const texts = expression.trim().split(/\s+/);
  if (texts.length !== FIELDS.length) {
    throw invalid('a cron expression must have five fields, such as "0 6 * * 1-5"');
  }
  const values = FIELDS.map((field, index) => valuesOf(texts[index] ?? '', field));
  const [, , days = [], months = []] = values;
  const happens = months.some((month) => days.some((day) => day <= (MONTH_DAYS[month - 1] ?? 0)));
  if (!happens && texts[4] === '*') throw invalid('there is no such day in these months');
}

/**
 * Checks an IANA time zone name.
 * @throws AppError `resource/invalid`
 */
export function checkTimeZone(name: string): void {
  try {
    // An offset such as +02:00 would be taken by some versions of Node and not by others.
    if (!/^[A-Za-z]/.test(name)) throw new RangeError(name);
    new Intl.DateTimeFormat('en', { timeZone: name });
  } catch {
    throw invalid(`${JSON.stringify(name)} is not an IANA time zone such as Europe/Berlin or UTC`);
  }
}

/** All values that one field of an expression allows. */
function valuesOf(text: string, field: CronField): readonly number[] {
  return text.split(',').flatMap((part) => {
    const [range = '', step, ...rest] = part.split('/');
    const size = step === undefined ? 1 : number(step);
    const [from, to] = boundsOf(range, step !== undefined, field);
    const isFine = rest.length === 0 && size > 0 && from >= field.min && to <= field.max;
    if (!isFine || !(from <= to)) {
      const { name, min, max } = field;
      throw invalid(
        `${name} ${JSON.stringify(part)} is not within ${min}-${max}, such as ${min} or ${min}-${max}`,
      );
    }
    const values: number[] = [];
    for (let value = from; value <= to; value += size) values.push(value);
    return values;
  });
}

/** First and last value of `*`, `n`, `n-m`; with a step, `n` means from n on. NaN where it is none. */
function boundsOf(range: string, hasStep: boolean, field: CronField): readonly [number, number] {
  if (range === '*') return [field.min, field.max];
  const [first = '', last, ...rest] = range.split('-');
  if (rest.length > 0) return [NaN, NaN];
  const from = named(first, field);
  if (last !== undefined) return [from, named(last, field)];
  return [from, hasStep ? field.max : from];
}

function named(text: string, { min, names = [] }: CronField): number {
  const index = names.indexOf(text.toLowerCase());
  return index === -1 ? number(text) : min + index;
}

function number(text: string): number {
  return /^[0-9]{1,2}$/.test(text) ? Number(text) : NaN;
}

function invalid(message: string): AppError {
  return new AppError('resource/invalid', message);
}
