import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { REASONS } from '../src/api/conditions.ts';
import { customResourceDefinitions } from '../src/api/crd.ts';
import type { StructuralSchema } from '../src/api/structural-schema.ts';
import { formatLocation } from '../src/domain/errors.ts';
import { parseResources } from '../src/domain/resources/parse-resources.ts';
import { createSelector } from '../src/domain/selection/create-selector.ts';
import { ROOT } from './support/cli.ts';

/** Pages for people: `*.md` of the root folder and all of `docs/`. */
const pages = [
  ...readdirSync(ROOT).filter((name) => name.endsWith('.md')),
  ...readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
].toSorted();

const read = (page: string) => readFileSync(join(ROOT, page), 'utf8');

interface Fence {
  readonly language: string;
  readonly text: string;
  /** Line of the first line of the text. */
  readonly line: number;
  /** What follows the fence, up to the next paragraph's end. */
  readonly after: string;
}

function fencesOf(page: string): Fence[] {
  const text = read(page);
  return [...text.matchAll(/^```(\w*)[^\n]*\n(.*?)^```\n\n?([^\n]*)/gms)].map((match) => ({
    language: match[1]!,
    text: match[2]!,
    line: text.slice(0, match.index).split('\n').length + 1,
    after: match[3]!,
  }));
}

/** Prose, with code taken out. */
function proseOf(page: string): string {
  return read(page)
    .replaceAll(/^```.*?^```$/gms, '')
    .replaceAll(/`[^`\n]*`/g, '');
}

/** The anchors that a forge makes of a page's headings. */
function anchorsOf(page: string): string[] {
  const headings = read(page)
    .replaceAll(/^```.*?^```$/gms, '')
    .matchAll(/^#+ (.+)$/gm);
  return [...headings].map(([, heading]) =>
    heading!
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

const yamlFences = pages.flatMap((page) =>
  fencesOf(page)
    .filter(({ language }) => language === 'yaml')
    .map((fence) => [`${page}:${fence.line}`, fence, page] as const),
);

describe('YAML in the documentation', () => {
  it('is found at all', () => {
    expect(yamlFences.length).toBeGreaterThan(15);
  });

  it.each(yamlFences)('at %s parses, and our kinds in it are valid', (_, { text, line }, page) => {
    expect(parseAllDocuments(text).flatMap((document) => document.errors)).toEqual([]);
    // Empty lines before it make line numbers those of the page.
    const { findings } = parseResources(page, '\n'.repeat(line - 1) + text);
    expect(findings.map(({ at, message }) => `${formatLocation(at!)}: ${message}`)).toEqual([]);
  });

  const recipes = yamlFences.flatMap(([place, fence, page]) => {
    const promise = /^Of (.+), it chooses `([^`]+)`\.$/.exec(fence.after);
    return promise === null ? [] : [[place, fence, page, promise] as const];
  });

  it('promises a choice often enough to be worth checking', () => {
    expect(recipes.length).toBeGreaterThanOrEqual(7);
  });

  it.each(recipes)(
    'at %s chooses what the text promises',
    (_, { text }, page, [, list, choice]) => {
      const [policy] = parseResources(page, text).policies;
      const tags = [...list!.matchAll(/`([^`]+)`/g)].map(([, tag]) => tag!);
      expect(tags).toContain(choice);
      expect(createSelector(policy!.spec).select(tags)).toEqual({ kind: 'selected', tag: choice });
    },
  );
});

describe('links in the documentation', () => {
  const links = pages.flatMap((page) =>
    [...proseOf(page).matchAll(/\]\(([^)\s]+)\)/g)]
      .map(([, target]) => target!)
      .filter((target) => !/^[a-z]+:/.test(target))
      .map((target) => [page, target] as const),
  );

  it('are found at all', () => {
    expect(links.length).toBeGreaterThan(3);
  });

  it.each(links)('from %s to %s lead somewhere', (page, target) => {
    const [path, anchor] = target.split('#');
    const file = path === '' ? page : normalize(join(dirname(page), path!));
    expect({ file, exists: existsSync(join(ROOT, file)) }).toEqual({ file, exists: true });
    if (anchor !== undefined) expect(anchorsOf(file)).toContain(anchor);
  });
});

/** Paths of all fields below a schema, as the pages write them. */
function fieldPaths(schema: StructuralSchema, prefix = ''): string[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, property]) => {
    const path = prefix === '' ? name : `${prefix}.${name}`;
    const below =
      property.items === undefined
        ? fieldPaths(property, path)
        : fieldPaths(property.items, `${path}[]`);
    return [path, ...below];
  });
}

const specPages = customResourceDefinitions().map(({ spec: { names, versions } }) => {
  const page = `docs/spec/v1alpha1/${names.plural}.md`;
  const [, spec = '', status = ''] = read(page).split(/^## (?:Fields of `spec`|Status of .*)$/m);
  return { page, kind: names.kind, spec, status, schema: versions[0]!.schema.openAPIV3Schema };
});

/** Rows of the tables of fields: name and meaning. */
function fieldRows(text: string): Map<string, string> {
  const rows = text.matchAll(/^\| `([a-z][^`]*)` *\| (.+?) *\|$/gm);
  return new Map([...rows].map(([, field, meaning]) => [field!, meaning!]));
}

describe.each(specPages)('$page', ({ spec, status, schema }) => {
  it('explains every field of spec, and no other', () => {
    const fields = fieldPaths(schema.properties!['spec']!);
    expect([...fieldRows(spec).keys()].toSorted()).toEqual(fields.toSorted());
  });

  it('explains every field of status, and no other', () => {
    const fields = fieldPaths(schema.properties!['status']!);
    const inProse = [...status.matchAll(/`(conditions\[\]\.\w+)`/g)].map(([, field]) => field!);
    expect([...fieldRows(status).keys(), ...inProse].toSorted()).toEqual(fields.toSorted());
  });

  it('names every default of the schema', () => {
    const rows = fieldRows(spec);
    const missing = Object.entries(schema.properties!['spec']!.properties!)
      .filter(([, property]) => property.default !== undefined)
      .map(([name, property]) => [name, JSON.stringify(property.default).replaceAll('"', '')])
      .filter(([name, value]) => !rows.get(name!)!.includes(`\`${value}\``));
    expect(missing).toEqual([]);
  });
});

it('the table of reasons is that of the code', () => {
  const [, table = ''] = read('docs/spec/v1alpha1/imagepolicies.md').split(/^\| reason *\|.*$/m);
  const rows = [...table.matchAll(/^\| `(\w+)` *\| (.+?) *\|$/gm)].map(([, name, text]) => [
    name,
    text,
  ]);
  expect(Object.fromEntries(rows)).toEqual(REASONS);
});
