import { lexTemplate, type Segment, type Token } from './lex.ts';
import { templateFault } from './value.ts';

/** One operand, or the function at the head of a command. */
export type Term =
  | { readonly kind: 'dot'; readonly path: readonly string[] }
  | { readonly kind: 'variable'; readonly name: string; readonly path: readonly string[] }
  | { readonly kind: 'pipe'; readonly pipe: Pipe; readonly path: readonly string[] }
  | { readonly kind: 'literal'; readonly value: string | number | boolean | null }
  | { readonly kind: 'call'; readonly name: string };

/** Commands whose results are each the last argument of the next. */
export type Pipe = readonly Command[];

/** A value, or a function and what it is given. */
type Command = readonly [Term, ...Term[]];

interface Acting {
  readonly line: number;
  readonly pipe: Pipe;
  /** Variables that it sets. */
  readonly names: readonly string[];
}

/** Prints a value, or sets a variable. */
export interface SimpleNode extends Acting {
  readonly kind: 'print' | 'declare' | 'assign';
}

/** Does its body once, for each value, or not at all. */
export interface BlockNode extends Acting {
  readonly kind: 'if' | 'with' | 'range';
  readonly body: readonly TemplateNode[];
  readonly otherwise: readonly TemplateNode[];
}

/** Leaves a `range`, or goes on with its next value. */
export interface JumpNode {
  readonly kind: 'jump';
  readonly to: 'break' | 'continue';
}

/** A part of a template. */
export type TemplateNode =
  { readonly kind: 'text'; readonly text: string } | JumpNode | SimpleNode | BlockNode;

/** How deep blocks and parentheses may stand in one another. */
const MAX_DEPTH = 32;

const BLOCKS: ReadonlySet<string> = new Set(['if', 'with', 'range']);
const UNKNOWN: ReadonlySet<string> = new Set(['define', 'template', 'block']);

/**
 * Parses a template: the part of Go's text/template that messages need.
 * @throws AppError `resource/invalid` that names the line
 */
export function parseTemplate(template: string): readonly TemplateNode[] {
  const parser = new BlockParser(lexTemplate(template));
  const { nodes } = parser.block(0, undefined);
  return nodes;
}

type Action = Extract<Segment, { kind: 'action' }>;

class BlockParser {
  readonly #segments: readonly Segment[];
  #at = 0;
  /** How many bodies of `range` the place that is read stands in. */
  #ranges = 0;

  constructor(segments: readonly Segment[]) {
    this.#segments = segments;
  }

  /** Reads up to the `end` or `else` of the block that was opened on a line. */
  block(
    depth: number,
    opened: number | undefined,
  ): { readonly nodes: readonly TemplateNode[]; readonly closing?: Action } {
    if (depth > MAX_DEPTH)
      throw templateFault(`line ${opened}: blocks stand too deep in one another`);
    const nodes: TemplateNode[] = [];
    for (;;) {
      const segment = this.#segments[this.#at];
      this.#at += 1;
      if (segment === undefined) break;
      if (segment.kind === 'text') {
        if (segment.text !== '') nodes.push(segment);
        continue;
      }
      const word = wordAt(segment.tokens, 0);
      if (word === 'end' || word === 'else') {
        if (opened !== undefined) return { nodes, closing: segment };
        throw templateFault(`line ${segment.line}: "${word}" without "if", "range" or "with"`);
      }
      const node = this.#node(segment, depth);
      if (node !== undefined) nodes.push(node);
    }
    if (opened === undefined) return { nodes };
    throw templateFault(`line ${opened}: the block has no "{{ end }}"`);
  }

  #node({ tokens, line }: Action, depth: number): TemplateNode | undefined {
    const word = wordAt(tokens, 0);
    if (tokens.length === 0) return undefined;
    if (word === 'break' || word === 'continue') {
      if (this.#ranges > 0) return { kind: 'jump', to: word };
      throw templateFault(`line ${line}: "${word}" outside of "range"`);
    }
    if (word !== undefined && UNKNOWN.has(word)) {
      throw templateFault(`line ${line}: "${word}" is not supported in commit messages`);
    }
    if (word !== undefined && BLOCKS.has(word)) {
      return this.#opened(
        word as 'if' | 'with' | 'range',
        { tokens: tokens.slice(1), line },
        depth,
      );
    }
    const { names, isNew, pipe } = readPipeline(tokens, line);
    if (names.length > 1) throw templateFault(`line ${line}: only "range" sets two variables`);
    const kind = names.length === 0 ? 'print' : isNew ? 'declare' : 'assign';
    return { kind, pipe, names, line };
  }

  #opened(
    kind: 'if' | 'with' | 'range',
    { tokens, line }: Pick<Action, 'tokens' | 'line'>,
    depth: number,
  ): TemplateNode {
    const { names, pipe } = readPipeline(tokens, line);
    const loops = kind === 'range' ? 1 : 0;
    this.#ranges += loops;
    const { nodes: body, closing } = this.block(depth + 1, line);
    this.#ranges -= loops;
    const otherwise = this.#otherwise(closing, depth);
    return { kind, pipe, names, line, body, otherwise };
  }

  #otherwise(closing: Action | undefined, depth: number): readonly TemplateNode[] {
    if (closing === undefined || wordAt(closing.tokens, 0) === 'end') return [];
    const { tokens, line } = closing;
    const word = wordAt(tokens, 1);
    if (tokens.length === 1) {
      const { nodes, closing: last } = this.block(depth + 1, line);
      if (last !== undefined && wordAt(last.tokens, 0) === 'end') return nodes;
      throw templateFault(`line ${line}: a block has one "else" at most`);
    }
    if (word !== 'if' && word !== 'with') {
      throw templateFault(`line ${line}: after "else" comes nothing, "if" or "with"`);
    }
    return [this.#opened(word, { tokens: tokens.slice(2), line }, depth + 1)];
  }
}

function wordAt(tokens: readonly Token[], index: number): string | undefined {
  const token = tokens[index];
  return token?.kind === 'word' ? token.text : undefined;
}

/** A pipeline with the variables that it sets. */
function readPipeline(tokens: readonly Token[], line: number) {
  const sign = tokens.findIndex((token) => isSymbol(token, ':=') || isSymbol(token, '='));
  const names = readNames(tokens.slice(0, Math.max(0, sign)), line);
  if ((sign !== -1 && names.length === 0) || names.length > 2) {
    throw templateFault(`line ${line}: one or two variables can be set`);
  }
  const { pipe, end } = readPipe(tokens, { at: sign + 1, depth: 0, line });
  if (end < tokens.length) throw templateFault(`line ${line}: ")" without "("`);
  const last = tokens[sign];
  return { names, isNew: last !== undefined && isSymbol(last, ':='), pipe };
}

function readNames(tokens: readonly Token[], line: number): readonly string[] {
  return tokens.flatMap((token) => {
    if (token.kind === 'variable' && token.text !== '$') return [token.text];
    if (isSymbol(token, ',')) return [];
    throw templateFault(`line ${line}: only variables ($name) can be set`);
  });
}

interface Position {
  readonly at: number;
  readonly depth: number;
  readonly line: number;
}

/** Reads up to the end, or to the parenthesis that closes it. */
function readPipe(
  tokens: readonly Token[],
  { at, depth, line }: Position,
): { readonly pipe: Pipe; readonly end: number } {
  if (depth > MAX_DEPTH)
    throw templateFault(`line ${line}: parentheses stand too deep in one another`);
  const pipe: Command[] = [];
  let terms: Term[] = [];
  let index = at;
  for (;;) {
    const token = tokens[index];
    if (token === undefined || isSymbol(token, ')')) break;
    if (isSymbol(token, '|')) {
      pipe.push(command(terms, line));
      terms = [];
      index += 1;
      continue;
    }
    const { term, end } = readTerm(tokens, token, { at: index, depth, line });
    terms.push(term);
    index = end;
  }
  return { pipe: [...pipe, command(terms, line)], end: index };
}

function command([head, ...args]: readonly Term[], line: number): Command {
  if (head === undefined) throw templateFault(`line ${line}: a value is missing`);
  return [head, ...args];
}

function isSymbol(token: Token, text: string): boolean {
  return token.kind === 'symbol' && token.text === text;
}

function readTerm(
  tokens: readonly Token[],
  token: Token,
  { at, depth, line }: Position,
): { readonly term: Term; readonly end: number } {
  const next = at + 1;
  switch (token.kind) {
    case 'literal':
      return { term: { kind: 'literal', value: token.value }, end: next };
    case 'variable': {
      const { path, end } = readPath(tokens, next);
      return { term: { kind: 'variable', name: token.text, path }, end };
    }
    case 'field': {
      const { path, end } = readPath(tokens, next);
      return { term: { kind: 'dot', path: [token.text.slice(1), ...path] }, end };
    }
    case 'word':
      return { term: wordTerm(token.text), end: next };
    case 'symbol':
      break;
  }
  if (token.text === '.') return { term: { kind: 'dot', path: [] }, end: next };
  if (token.text !== '(') throw templateFault(`line ${line}: "${token.text}" has no meaning here`);
  const { pipe, end } = readPipe(tokens, { at: next, depth: depth + 1, line });
  const closing = tokens[end];
  if (closing === undefined || !isSymbol(closing, ')')) {
    throw templateFault(`line ${line}: "(" without ")"`);
  }
  const { path, end: after } = readPath(tokens, end + 1);
  return { term: { kind: 'pipe', pipe, path }, end: after };
}

function wordTerm(text: string): Term {
  if (text === 'true' || text === 'false') return { kind: 'literal', value: text === 'true' };
  return text === 'nil' ? { kind: 'literal', value: null } : { kind: 'call', name: text };
}

/** Fields that follow without a space: `$x.A.B`. */
function readPath(tokens: readonly Token[], at: number) {
  const path: string[] = [];
  let end = at;
  for (;;) {
    const token = tokens[end];
    if (token?.kind !== 'field' || !token.attached) return { path, end };
    path.push(token.text.slice(1));
    end += 1;
  }
}
