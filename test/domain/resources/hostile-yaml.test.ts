import { describe, expect, it } from 'vitest';
import { complaints, more } from './resource-text.ts';

describe('hostile YAML', () => {
  const levels = (wrap: (name: string) => string) =>
    Array.from(
      { length: 12 },
      (_, level) => `  l${level + 1}: &l${level + 1} ${wrap(`*l${level}`)}`,
    );

  it.each([
    ['an alias bomb', (name: string) => `[${Array(9).fill(name).join(', ')}]`],
    ['a merge bomb', (name: string) => `{ <<: [${Array(9).fill(name).join(', ')}] }`],
  ])('%s is refused and never unfolded, which would take for ever', (_, wrap) => {
    const lines = ['  l0: &l0 { a: b }', ...levels(wrap)].join('\n');
    expect(complaints(more(lines))).toEqual([
      expect.stringMatching(
        /^a\.yaml:\d+:\d+: the resource is too deep or too large once its aliases are unfolded$/,
      ),
    ]);
  });

  it('an alias of itself is refused', () => {
    expect(complaints(more('  lock: &l { a: *l }'))).toHaveLength(1);
  });

  it('a document that is merged into itself many times is looked at, and is none of ours', () => {
    const itself = Array<string>(9).fill('*r').join(', ');
    expect(complaints(`&r\nkind: Deployment\n<<: [${itself}]\n`)).toEqual([]);
  });

  it('a map that is merged into itself is refused', () => {
    expect(complaints(more('  lock: &l { <<: *l, tag: "1" }'))).toEqual([
      expect.stringMatching(/the resource is too deep or too large once its aliases are unfolded$/),
    ]);
  });

  it('a key that is an alias is refused', () => {
    expect(complaints(more('  lock: { reason: &r x }\n  *r : y'))).toEqual([
      'a.yaml:1:1: the name of a field must be plain text',
    ]);
  });

  it('a list of itself ends', () => {
    expect(complaints('&a\nkind: List\nitems: [*a, *a]\n')).toEqual([]);
  });

  it('a key like __proto__ is an unknown field', () => {
    expect(complaints(more('  __proto__: { image: x }'))).toEqual([
      'a.yaml:8:3: spec.__proto__: unknown field; remove it',
    ]);
  });

  it('a key that is a map is refused', () => {
    expect(complaints(more('  ? { a: b }\n  : c'))).toEqual([
      'a.yaml:8:5: the name of a field must be plain text',
    ]);
  });
});
