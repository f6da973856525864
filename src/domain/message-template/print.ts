import { numberOf, templateFault, textOf, type Value } from './value.ts';

/** A verb of `printf`: `%-10.7s` is at most 7 characters, and blanks behind them up to 10. */
const VERB = /%(-?)([1-9][0-9]{0,2})?(?:\.([0-9]{1,3}))?(.)/gu;

/**
 * What `printf` makes of a format and its values: Go's verbs for texts, numbers and truth values.
 * @throws AppError where verbs and values do not fit together
 */
export function formatted([format = null, ...args]: readonly Value[]): string {
  let used = 0;
  const done = textOf(format).replaceAll(VERB, (whole: string, ...groups: string[]) => {
    if (whole === '%%') return '%';
    const [left, width = '0', most, verb = ''] = groups;
    const value = args[used];
    used += 1;
    if (value === undefined) throw templateFault(`printf: there is no value for ${whole}`);
    const shown = verbText(verb, value, most);
    return left === '-' ? shown.padEnd(Number(width)) : shown.padStart(Number(width));
  });
  if (used === args.length) return done;
  throw templateFault('printf: there are more values than verbs');
}

function verbText(verb: string, value: Value, most: string | undefined): string {
  if (verb === 'd') return String(numberOf(value));
  if (!'svtq'.includes(verb)) {
    throw templateFault(`printf: %${verb} is none of %s, %v, %d, %t and %q`);
  }
  const shown = Array.from(textOf(value))
    .slice(0, Number(most ?? Infinity))
    .join('');
  return verb === 'q' ? JSON.stringify(shown) : shown;
}

/** What `print` makes of values: with blanks between two of which none is a text (Go, `fmt.Sprint`). */
export function printed(values: readonly Value[]): string {
  return values
    .map((value, index) => {
      const isApart =
        index > 0 && typeof value !== 'string' && typeof values[index - 1] !== 'string';
      return `${isApart ? ' ' : ''}${textOf(value)}`;
    })
    .join('');
}
