import { suggestion } from '../resources/suggestion.ts';
import { FUNCTIONS } from './functions.ts';
import type { BlockNode, Pipe, SimpleNode, TemplateNode, Term } from './parse.ts';
import {
  checkSize,
  fieldOf,
  isList,
  isTrue,
  templateFault,
  textOf,
  tooMuch,
  type Value,
} from './value.ts';

/** How much work a template may be: steps, and texts by their length. */
const MAX_WORK = 200_000;
const CHARS_PER_STEP = 64;

/**
 * Renders a parsed template. It ends soon and its output is bounded, whatever the template says.
 * @throws AppError `resource/invalid` that names the line
 */
export function renderTemplate(nodes: readonly TemplateNode[], data: Value): string {
  const renderer = new Renderer();
  renderer.run(nodes, { dot: data, variables: new Map([['$', { value: data }]]) });
  return renderer.output();
}

interface Scope {
  readonly dot: Value;
  readonly variables: ReadonlyMap<string, { value: Value }>;
}

type Flow = 'on' | 'break' | 'continue';

class Renderer {
  readonly #parts: string[] = [];
  #chars = 0;
  #work = 0;

  output(): string {
    return this.#parts.join('');
  }

  run(nodes: readonly TemplateNode[], outer: Scope): Flow {
    let scope = outer;
    for (const node of nodes) {
      this.#spend(1);
      if (node.kind === 'text') this.#print(node.text);
      else if (node.kind === 'jump') return node.to;
      else {
        const result = this.#located(node.line, () => this.#action(node, scope));
        if (typeof result === 'string' && result !== 'on') return result;
        if (typeof result === 'object') scope = result;
      }
    }
    return 'on';
  }

  /** Names the line of whatever is wrong in it. */
  #located<T>(line: number, work: () => T): T {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof Error) || /^line [0-9]+: /.test(error.message)) throw error;
      throw templateFault(`line ${line}: ${error.message}`);
    }
  }

  /** @returns the scope of what follows, or how to go on */
  #action(node: SimpleNode | BlockNode, scope: Scope) {
    const value = this.#pipe(node.pipe, scope);
    const [name = ''] = node.names;
    switch (node.kind) {
      case 'print':
        this.#print(textOf(value));
        return 'on';
      case 'declare':
        return withVariable(scope, name, value);
      case 'assign': {
        const variable = scope.variables.get(name);
        if (variable === undefined) throw templateFault(`there is no variable ${name}`);
        variable.value = value;
        return 'on';
      }
      case 'if':
      case 'with': {
        const inner = name === '' ? scope : withVariable(scope, name, value);
        if (!isTrue(value)) return this.run(node.otherwise, inner);
        return this.run(node.body, node.kind === 'if' ? inner : { ...inner, dot: value });
      }
      case 'range':
        return this.#range(node, value, scope);
    }
  }

  #range({ names, body, otherwise }: BlockNode, value: Value, scope: Scope): Flow {
    const entries = entriesOf(value);
    if (entries.length === 0) return this.run(otherwise, scope);
    const [keyName, valueName] = names.length === 2 ? names : [undefined, names[0]];
    for (const [key, each] of entries) {
      const keyed = keyName === undefined ? scope : withVariable(scope, keyName, key);
      const inner = valueName === undefined ? keyed : withVariable(keyed, valueName, each);
      if (this.run(body, { ...inner, dot: each }) === 'break') break;
    }
    return 'on';
  }

  #pipe(pipe: Pipe, scope: Scope): Value {
    let piped: Value | undefined;
    for (const [head, ...args] of pipe) {
      piped = this.#command(head, args, { scope, piped });
    }
    return piped ?? null;
  }

  #command(
    head: Term,
    args: readonly Term[],
    { scope, piped }: { readonly scope: Scope; readonly piped: Value | undefined },
  ): Value {
    if (head.kind !== 'call') {
      if (args.length === 0 && piped === undefined) return this.#term(head, scope);
      throw templateFault('only a function takes values');
    }
    const stopsAt = FUNCTIONS.get(head.name)?.stopsAt;
    const values: Value[] = [];
    for (const arg of args) {
      const value = this.#term(arg, scope);
      values.push(value);
      if (isTrue(value) === stopsAt) return this.#call(head.name, values);
    }
    return this.#call(head.name, piped === undefined ? values : [...values, piped]);
  }

  #term(term: Term, scope: Scope): Value {
    this.#spend(1);
    switch (term.kind) {
      case 'literal':
        return term.value;
      case 'call':
        return this.#call(term.name, []);
      case 'dot':
        return term.path.reduce(fieldOf, scope.dot);
      case 'pipe':
        return term.path.reduce(fieldOf, this.#pipe(term.pipe, scope));
      case 'variable': {
        const variable = scope.variables.get(term.name);
        if (variable === undefined) throw templateFault(`there is no variable ${term.name}`);
        return term.path.reduce(fieldOf, variable.value);
      }
    }
  }

  #call(name: string, args: readonly Value[]): Value {
    const known = FUNCTIONS.get(name);
    if (known === undefined) {
      const meant = suggestion(name, [...FUNCTIONS.keys()]);
      const hint = meant === undefined ? '' : `; did you mean ${meant}?`;
      throw templateFault(`there is no function ${name}${hint}`);
    }
    const { min, max, call } = known;
    if (args.length < min || args.length > max) {
      const wanted = min === max ? `${min}` : `at least ${min}`;
      throw templateFault(`${name} takes ${wanted} values, and not ${args.length}`);
    }
    for (const arg of args) this.#spendOn(arg);
    const value = call(args);
    this.#spendOn(value);
    return value;
  }

  #print(text: string): void {
    this.#chars += text.length;
    checkSize(this.#chars);
    this.#parts.push(text);
  }

  /** Long values are more work, and none may grow without end. */
  #spendOn(value: Value): void {
    if (typeof value === 'string') {
      checkSize(value.length);
      this.#spend(1 + Math.floor(value.length / CHARS_PER_STEP));
    } else if (isList(value)) {
      for (const each of value) this.#spendOn(each);
    } else this.#spend(1);
  }

  #spend(work: number): void {
    this.#work += work;
    if (this.#work > MAX_WORK) throw tooMuch();
  }
}

function withVariable(scope: Scope, name: string, value: Value): Scope {
  return { ...scope, variables: new Map([...scope.variables, [name, { value }]]) };
}

function entriesOf(value: Value): readonly (readonly [Value, Value])[] {
  if (value === null) return [];
  if (typeof value === 'object' && isList(value)) return value.map((each, index) => [index, each]);
  if (typeof value === 'object' && value.kind === 'map') return value.entries;
  throw templateFault('range needs a list or a map');
}
