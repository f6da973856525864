import fc from 'fast-check';

/** A marked field of a random manifest: where its source stands, and what it holds. */
export interface PlantedField {
  readonly path: readonly (string | number)[];
  readonly document: number;
  readonly start: number;
  readonly end: number;
  readonly value: string;
  readonly quote: '' | "'" | '"' | 'block';
}

/** Random YAML text with known marked fields. */
export interface RandomManifest {
  readonly text: string;
  readonly fields: readonly PlantedField[];
}

type Noise = { readonly kind: 'noise'; readonly lines: readonly string[] };
type Marked = {
  readonly kind: 'marked';
  readonly value: string;
  readonly quote: PlantedField['quote'];
  readonly props: string;
  readonly gap: string;
};
type Flow = { readonly kind: 'flow'; readonly field: Marked; readonly shape: number };
type Item = Noise | Marked | Flow | Branch;
interface Branch {
  readonly kind: 'map' | 'seq';
  readonly items: readonly Item[];
  readonly indent: number;
  readonly comment: string;
}

const MARKER = '# {"$imagepolicy": "ns:app"}';
/** Values that neither quote nor block needs to escape, and plain scalars in flow may hold, too. */
const reference = fc
  .tuple(
    fc.constantFrom('nginx', 'ghcr.io/org/app', 'host:5000/a/b'),
    fc.stringMatching(/^[a-z0-9][a-z0-9._-]{0,8}$/),
  )
  .map(([name, tag]) => `${name}:${tag}`);

/** Values of other fields, as the lines behind the key; what looks like a marker is text there. */
const noise: fc.Arbitrary<Noise> = fc
  .constantFrom<(readonly string[])[]>(
    ['1.20'],
    ['"quoted # {\\"$imagepolicy\\": \\"no:no\\"}"'],
    [`'single ${MARKER}'`],
    ['plain text # a comment'],
    ['~'],
    [''],
    ['{a: [1, 2], "b": c} # flow'],
    ['[', '  a, # one', '  b', ']'],
    ['| # literal', `  image: nginx:1 ${MARKER}`, '', '    deeper'],
    ['>-', '  folded', '  text'],
    ['"two', '  lines"'],
    ['&anchor x'],
    ['!!str 5'],
    ['{{ .Values.x }}'],
    ['2024-01-01'],
  )
  .map((lines) => ({ kind: 'noise', lines }));

const marked: fc.Arbitrary<Marked> = fc.record({
  kind: fc.constant('marked' as const),
  value: reference,
  quote: fc.constantFrom('' as const, "'" as const, '"' as const, 'block' as const),
  props: fc.constantFrom('', '', '!!str ', '&img ', '!!str &img '),
  gap: fc.constantFrom(' ', '   ', '\t', ' \t '),
});

const flow: fc.Arbitrary<Flow> = fc.record({
  kind: fc.constant('flow' as const),
  field: marked.map((field) =>
    field.quote === 'block' ? { ...field, quote: '' as const } : field,
  ),
  shape: fc.nat(3),
});

const { branch } = fc.letrec<{ branch: Branch; item: Item }>((tie) => ({
  item: fc.oneof(
    { maxDepth: 4 },
    { arbitrary: noise, weight: 3 },
    { arbitrary: marked, weight: 3 },
    { arbitrary: flow, weight: 1 },
    { arbitrary: tie('branch'), weight: 3 },
  ),
  branch: fc.record({
    kind: fc.constantFrom('map' as const, 'seq' as const),
    items: fc.array(tie('item'), { minLength: 1, maxLength: 4 }),
    indent: fc.integer({ min: 1, max: 4 }),
    comment: fc.constantFrom('', ' # why', ` # image: x ${MARKER}`),
  }),
}));

/** Multi-document files in random styles, line ends, indentation and comments. */
export const randomManifest: fc.Arbitrary<RandomManifest> = fc
  .record({
    documents: fc.array(branch, { minLength: 1, maxLength: 3 }),
    eol: fc.constantFrom('\n', '\r\n'),
    bom: fc.boolean(),
    finalNewline: fc.boolean(),
  })
  .map(({ documents, eol, bom, finalNewline }) => {
    const page = new Page(eol, bom);
    documents.forEach((document, index) => page.document(document, index));
    return page.finish(finalNewline);
  });

/** Writes text and notes where the marked fields are. */
class Page {
  #text: string;
  readonly #eol: string;
  readonly #fields: PlantedField[] = [];
  #document = 0;

  constructor(eol: string, bom: boolean) {
    this.#eol = eol;
    this.#text = bom ? '\uFEFF' : '';
  }

  document(branch: Branch, index: number): void {
    this.#document = index;
    if (index > 0) this.#line('---');
    this.#branch(branch, 0, []);
  }

  finish(finalNewline: boolean): RandomManifest {
    const endsInBlock = this.#text.endsWith(`deeper${this.#eol}`);
    const text = finalNewline || endsInBlock ? this.#text : this.#text.slice(0, -this.#eol.length);
    return { text, fields: this.#fields };
  }

  #branch({ kind, items }: Branch, column: number, path: readonly (string | number)[]): void {
    items.forEach((item, index) => {
      const key = kind === 'map' ? `k${index}` : index;
      const head = `${' '.repeat(column)}${kind === 'map' ? `k${index}:` : '-'}`;
      this.#item(item, { head, column, path: [...path, key] });
    });
  }

  #item(
    item: Item,
    at: { head: string; column: number; path: readonly (string | number)[] },
  ): void {
    const pad = ' '.repeat(at.column + 2);
    switch (item.kind) {
      case 'noise': {
        const [first = '', ...rest] = item.lines;
        this.#line(first === '' ? at.head : `${at.head} ${first}`);
        for (const line of rest) this.#line(line === '' ? '' : pad + line);
        return;
      }
      case 'marked':
        this.#text += `${at.head} ${item.props}`;
        this.#field(item, at.path, pad);
        return;
      case 'flow':
        this.#flow(item, at.head, at.path, pad);
        return;
      default:
        this.#line(at.head + item.comment);
        this.#branch(item, at.column + item.indent, at.path);
    }
  }

  #field(item: Marked, path: readonly (string | number)[], pad: string): void {
    if (item.quote === 'block') {
      this.#line(`|-${item.gap}${MARKER}`);
      this.#text += pad;
      this.#plant(item, path);
      this.#line('');
    } else {
      this.#plant(item, path);
      this.#line(item.gap + MARKER);
    }
  }

  #flow(
    { field, shape }: Flow,
    head: string,
    path: readonly (string | number)[],
    pad: string,
  ): void {
    const opening = [
      ' {a: b, image: ',
      ' [x, ',
      ` {${this.#eol}${pad}image: `,
      ` [ # list${this.#eol}${pad}`,
    ];
    const closing = ['}', ' ]', `,`, ''];
    const last = [...path, shape % 2 === 0 ? 'image' : shape === 1 ? 1 : 0];
    this.#text += head + (opening[shape] ?? '') + field.props;
    this.#plant(field, last);
    this.#line((closing[shape] ?? '') + field.gap + MARKER);
    if (shape >= 2) this.#line(pad + (shape === 2 ? '}' : ']'));
  }

  #plant({ value, quote }: Marked, path: readonly (string | number)[]): void {
    const start = this.#text.length;
    const mark = quote === 'block' ? '' : quote;
    this.#text += mark + value + mark;
    this.#fields.push({
      path,
      document: this.#document,
      start,
      end: this.#text.length,
      value,
      quote,
    });
  }

  #line(text: string): void {
    this.#text += text + this.#eol;
  }
}
