/** How a scalar is written. */
export type ScalarStyle = 'plain' | 'single' | 'double';

/**
 * Source of a string as a scalar: in the wanted style where that is possible, else double quoted.
 * @param inFlow whether it will stand between brackets or braces
 */
export function scalarSource(value: string, style: ScalarStyle, inFlow: boolean): string {
  if (style === 'plain' && isPlainSafe(value, inFlow)) return value;
  if (style === 'single' && PRINTABLE_LINE.test(value)) return `'${value.replaceAll("'", "''")}'`;
  return doubleQuoted(value);
}

/** A string as a double quoted scalar on one line; any string can be written so. */
export function doubleQuoted(value: string): string {
  // JSON's escapes are YAML's; what JSON leaves as it is and YAML calls unprintable is escaped here
  return JSON.stringify(value).replace(
    UNPRINTABLE,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

const UNPRINTABLE = /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g;
// oxlint-disable-next-line no-control-regex -- these are the characters that YAML excludes
const PRINTABLE_LINE = /^[^\u0000-\u001f\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]*$/;

/**
 * Does the plain form load as just this string, in YAML 1.1 and 1.2, whichever loader reads it? Doubt
 * means no. Sources: yaml.org/type (1.1 repository of types), YAML 1.2.2 section 10.3, and what
 * go-yaml takes for numbers.
 */
export function isPlainSafe(value: string, inFlow: boolean): boolean {
  if (value === '' || value !== value.trim() || !PRINTABLE_LINE.test(value)) return false;
  // "-", "?" and ":" could start a plain scalar, too, but no image starts with them
  if (/^[-?:,[\]{}#&*!|>'"%@`]/.test(value) || value.startsWith('...')) return false;
  if (/:\s|:$|\s#/.test(value)) return false;
  if (inFlow && /[,[\]{}]/.test(value)) return false;
  return !IMPLICIT_TYPES.some((type) => type.test(value));
}

const IMPLICIT_TYPES: readonly RegExp[] = [
  /^(~|null|true|false|yes|no|on|off|y|n|=|<<)$/i,
  // integers: decimal (1.1 allows "_"), octal both ways, hexadecimal, binary
  /^[-+]?([0-9][0-9_,]*|0o[0-7_]+|0x[0-9a-f_]+|0b[01_]+)$/i,
  // floats; "12e4567" is one in 1.2, and some 1.1 loaders take "." and "E0" for one
  /^[-+]?[0-9_]*\.?[0-9_]*(e[-+]?[0-9]+)?$/i,
  // hexadecimal floats, which some loaders take
  /^[-+]?0x[0-9a-f_]*\.?[0-9a-f_]*p[-+]?[0-9]+$/i,
  // base 60 of 1.1
  /^[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?$/,
  /^[-+]?\.(inf|nan)$/i,
  /^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt\s].*)?$/,
];
