import { Composer, Lexer, Parser } from 'yaml';
import type { CST, Document, ParsedNode } from 'yaml';
import { quotable } from '../foreign-text.ts';
import { AppError } from '../errors.ts';
import type { Location } from '../errors.ts';
import { flattenDocuments, type Tree } from './yaml-tree.ts';

/** Deepest nesting accepted. The deepest real files (CRDs) stay below 80. */
const MAX_DEPTH = 200;

/**
 * Most lexemes accepted: what bounds time and memory for text that is nearly all punctuation. Ordinary
 * manifests of the largest size accepted have about a million.
 */
const MAX_LEXEMES = 1_500_000;

/**
 * `failsafe` keeps every scalar the string that stands there (`1.20`, `yes`), which is what an editor
 * needs. Unique keys are checked by our own walk: the library's check is quadratic. Known tags such as
 * `!!set` would reshape nodes.
 */
const OPTIONS = {
  schema: 'failsafe',
  uniqueKeys: false,
  resolveKnownTags: false,
  prettyErrors: false,
  logLevel: 'silent',
} as const;

/** A comment: from `#` to the end of its line, without the line break. */
export interface Comment {
  readonly start: number;
  readonly source: string;
}

/** A parsed file. Offsets are UTF-16 offsets into `text`. */
export interface Manifest extends Tree {
  readonly path: string;
  readonly text: string;
  /** Roots of the documents, empty documents included. */
  readonly documents: readonly Document.Parsed[];
  readonly comments: readonly Comment[];
  /** Line and column of an offset, from 1. */
  locate(offset: number): Required<Location>;
}

/**
 * Parses all documents of a file, in time linear in its length: nesting is bounded, aliases are not
 * expanded.
 * @throws AppError `manifest/unparsable` with file, line and column
 */
export function parseManifest(path: string, text: string): Manifest {
  const locate = lineLocator(path, text);
  const fail = (offset: number, message: string): never => {
    const at = locate(Math.min(offset, text.length));
    throw new AppError('manifest/unparsable', message, { at });
  };
  const { documents, comments } = composeAll(withoutByteOrderMark(text), fail);
  for (const { errors } of documents) {
    const error = errors[0];
    if (error) fail(error.pos[0], quotable(error.message, []));
  }
  const tree = flattenDocuments(documents);
  const fault = tree.faults[0];
  if (fault) fail(fault.offset, fault.message);
  return {
    path,
    text,
    documents,
    comments,
    locate,
    entries: tree.entries,
    entryOf: tree.entryOf,
    targets: tree.targets,
    faults: tree.faults,
  };
}

/**
 * The library counts a byte order mark as indentation, and then does not see that the next line is no
 * deeper than the first. A line break in its place keeps every offset.
 */
function withoutByteOrderMark(text: string): string {
  return text.replace(/^\uFEFF/, '\n');
}

/** Runs lexer, parser and composer in step, so that depth is bounded before anything recurses. */
function composeAll(
  text: string,
  fail: (offset: number, message: string) => never,
): { documents: Document.Parsed[]; comments: Comment[] } {
  const parser = new Parser();
  const composer = new Composer<ParsedNode, true>(OPTIONS);
  const documents: Document.Parsed[] = [];
  const comments: Comment[] = [];
  const take = (token: CST.Token): void => {
    // at once: a file of nothing but errors must not be kept whole as error objects
    if (token.type === 'error') fail(token.offset, quotable(token.message, []));
    documents.push(...composer.next(token));
  };
  let lexemes = 0;
  let scalarNext = false;
  for (const lexeme of new Lexer().lex(text)) {
    // the lexer announces a scalar by a control character; any other lexeme with "#" is a comment
    if (!scalarNext && lexeme.startsWith('#')) {
      comments.push({ start: parser.offset, source: lexeme });
    }
    scalarNext = !scalarNext && lexeme === SCALAR_FOLLOWS;
    for (const token of parser.next(lexeme)) take(token);
    lexemes += 1;
    if (lexemes > MAX_LEXEMES)
      fail(parser.offset, `more than ${MAX_LEXEMES} tokens; split the file`);
    if (parser.stack.length > MAX_DEPTH) {
      fail(parser.offset, `nested deeper than ${MAX_DEPTH} levels`);
    }
  }
  for (const token of parser.end()) take(token);
  documents.push(...composer.end());
  const error = composer.streamInfo().errors[0];
  if (error) fail(error.pos[0], quotable(error.message, []));
  return { documents, comments };
}

/** What `yaml`'s lexer emits before a scalar (its `CST.SCALAR`). */
const SCALAR_FOLLOWS = '\u001f';

/** Lines end at LF or CRLF; a byte order mark is no column. */
function lineLocator(path: string, text: string): (offset: number) => Required<Location> {
  const starts = [text.startsWith('\uFEFF') ? 1 : 0];
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return (offset) => {
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return { path, line: low + 1, column: offset - (starts[low] ?? 0) + 1 };
  };
}
