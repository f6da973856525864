import { templateFault } from './value.ts';

/** A piece of an action. `attached`: nothing stands between it and the piece before. */
export type Token = {
  readonly attached: boolean;
  readonly line: number;
} & (
  | { readonly kind: 'word' | 'field' | 'variable' | 'symbol'; readonly text: string }
  | { readonly kind: 'literal'; readonly value: string | number }
);

/** Text, or an action between `{{` and `}}`. */
export type Segment =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'action'; readonly tokens: readonly Token[]; readonly line: number };

const SPACE = /^[ \t\r\n]+/;
const PATTERNS: readonly (readonly ['word' | 'field' | 'variable' | 'symbol', RegExp])[] = [
  ['field', /^\.[A-Za-z_][A-Za-z0-9_]*/],
  ['variable', /^\$[A-Za-z0-9_]*/],
  ['word', /^[A-Za-z_][A-Za-z0-9_]*/],
  ['symbol', /^(:=|[().,|=])/],
];

/**
 * Splits a template into text and actions, with Go's rules for `{{-`, `-}}` and comments.
 * @throws AppError `resource/invalid` that names the line
 */
export function lexTemplate(template: string): readonly Segment[] {
  const segments: Segment[] = [];
  let [at, line, trimsNext] = [0, 1, false];
  while (at <= template.length) {
    const open = template.indexOf('{{', at);
    const end = open === -1 ? template.length : open;
    const trimsLast = open !== -1 && /^\{\{-[ \t\r\n]/.test(template.slice(open, open + 4));
    const text = template.slice(at, end);
    segments.push({ kind: 'text', text: trimmed(text, trimsNext, trimsLast) });
    if (open === -1) break;
    line += linesIn(text);
    const action = readAction(template, open + (trimsLast ? 3 : 2), line);
    segments.push({ kind: 'action', tokens: action.tokens, line });
    line += linesIn(template.slice(open, action.end));
    at = action.end;
    trimsNext = action.trims;
  }
  return segments;
}

function trimmed(text: string, atStart: boolean, atEnd: boolean): string {
  const start = atStart ? text.trimStart() : text;
  return atEnd ? start.trimEnd() : start;
}

interface Action {
  readonly tokens: readonly Token[];
  readonly end: number;
  readonly trims: boolean;
}

function readAction(template: string, start: number, firstLine: number): Action {
  const tokens: Token[] = [];
  const comment = /^[ \t\r\n]*\/\*[^]*?\*\/([ \t\r\n]+-)?\}\}/.exec(template.slice(start));
  if (comment !== null) {
    return { tokens, end: start + comment[0].length, trims: comment[1] !== undefined };
  }
  let [at, line] = [start, firstLine];
  for (;;) {
    const space = SPACE.exec(template.slice(at, at + 1_024))?.[0] ?? '';
    at += space.length;
    line += linesIn(space);
    if (space !== '' && template.startsWith('-}}', at)) return { tokens, end: at + 3, trims: true };
    if (template.startsWith('}}', at)) return { tokens, end: at + 2, trims: false };
    if (at >= template.length) throw templateFault(`line ${firstLine}: "{{" without "}}"`);
    const { token, length } = readToken(template.slice(at), {
      attached: space === '' && tokens.length > 0,
      line,
    });
    tokens.push(token);
    line += linesIn(template.slice(at, at + length));
    at += length;
  }
}

function readToken(
  rest: string,
  place: { readonly attached: boolean; readonly line: number },
): { readonly token: Token; readonly length: number } {
  const [quoted] = /^"(?:[^"\\\n]|\\.)*"/.exec(rest) ?? [];
  if (quoted !== undefined) {
    const value = unquoted(quoted, place.line);
    return { token: { kind: 'literal', value, ...place }, length: quoted.length };
  }
  const [raw] = /^`[^`]*`/.exec(rest) ?? [];
  if (raw !== undefined) {
    return { token: { kind: 'literal', value: raw.slice(1, -1), ...place }, length: raw.length };
  }
  const [number] = /^-?[0-9]+/.exec(rest) ?? [];
  if (number !== undefined) {
    const value = Number(number);
    return { token: { kind: 'literal', value, ...place }, length: number.length };
  }
  for (const [kind, pattern] of PATTERNS) {
    const [text] = pattern.exec(rest) ?? [];
    if (text !== undefined) return { token: { kind, text, ...place }, length: text.length };
  }
  throw templateFault(`line ${place.line}: ${JSON.stringify(rest[0])} has no meaning here`);
}

function unquoted(quoted: string, line: number): string {
  try {
    return JSON.parse(quoted) as string;
  } catch {
    throw templateFault(
      `line ${line}: ${quoted} is no string; known escapes are \\n, \\t, \\" and \\\\`,
    );
  }
}

function linesIn(text: string): number {
  return text.split('\n').length - 1;
}
