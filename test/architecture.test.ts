import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { transformSync } from '@swc/core';
import { cruise, type ICruiseOptions, type ICruiseResult } from 'dependency-cruiser';
import extractDepcruiseOptions from 'dependency-cruiser/config-utl/extract-depcruise-options';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROOT } from './support/cli.ts';

const options: ICruiseOptions = await extractDepcruiseOptions(
  join(ROOT, '.dependency-cruiser.cjs'),
);

async function cruiseIn(baseDir: string): Promise<ICruiseResult> {
  const { output } = await cruise(['src'], { ...options, baseDir });
  if (typeof output === 'string') throw new Error('a result object expected');
  return output;
}

function sourceFiles(): string[] {
  return readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => `src/${name}`)
    .toSorted();
}

describe('the direction of dependencies', () => {
  it('is checked over every source file, and kept', async () => {
    const { modules, summary } = await cruiseIn(ROOT);
    const seen = modules.map((module) => module.source).filter((name) => name.startsWith('src/'));
    expect(seen.toSorted()).toEqual(sourceFiles());
    expect(summary.violations.map(({ rule, from, to }) => `${rule.name}: ${from} → ${to}`)).toEqual(
      [],
    );
  });

  it('leaves the pure part without a clock', () => {
    const readsClock = /\bnew Date\(\)|\bDate\(\)/;
    const pure = sourceFiles().filter((name) => /^src\/(api|domain)\//.test(name));
    expect(pure.length).toBeGreaterThan(0);
    expect(pure.filter((name) => readsClock.test(readFileSync(join(ROOT, name), 'utf8')))).toEqual(
      [],
    );
  });

  it.each(sourceFiles().filter((name) => name.startsWith('src/ports/')))(
    'leaves %s without any code',
    (file) => {
      const source = readFileSync(join(ROOT, file), 'utf8');
      const { code } = transformSync(source, {
        jsc: { parser: { syntax: 'typescript' }, target: 'es2022' },
        isModule: true,
      });
      expect(code.replace(/\/\*[^]*?\*\/|\/\/.*/g, '').trim()).toBe('export { };');
    },
  );
});

/** Each line breaks one rule, in a tree of its own. */
const violations = [
  { rule: 'api-stands-alone', file: 'src/api/a.ts', imports: '../domain/pure.ts' },
  { rule: 'api-stands-alone', file: 'src/api/a.ts', imports: 'yaml' },
  { rule: 'domain-is-pure', file: 'src/domain/a.ts', imports: 'node:fs' },
  { rule: 'domain-is-pure', file: 'src/domain/a.ts', imports: 'fs/promises' },
  { rule: 'domain-is-pure', file: 'src/domain/a.ts', imports: 'undici' },
  { rule: 'domain-is-pure', file: 'src/domain/a.ts', imports: '../ports/ports.ts' },
  { rule: 'ports-name-domain-values', file: 'src/ports/ports.ts', imports: 'undici' },
  {
    rule: 'adapters-see-no-layer-above',
    file: 'src/adapters/registry/a.ts',
    imports: '../../app/use.ts',
  },
  {
    rule: 'connections-know-no-system',
    file: 'src/connections/a.ts',
    imports: '../adapters/git/store.ts',
  },
  { rule: 'adapters-keep-apart', file: 'src/adapters/registry/a.ts', imports: '../git/store.ts' },
  { rule: 'app-works-through-ports', file: 'src/app/a.ts', imports: '../adapters/git/store.ts' },
  { rule: 'app-works-through-ports', file: 'src/app/a.ts', imports: 'node:timers/promises' },
  { rule: 'config-reads-settings', file: 'src/config.ts', imports: './app/use.ts' },
  { rule: 'compose-wires', file: 'src/compose.ts', imports: 'undici' },
  { rule: 'demo-is-a-caller', file: 'src/demo/a.ts', imports: '../adapters/git/store.ts' },
  { rule: 'cli-is-a-caller', file: 'src/cli/a.ts', imports: '../adapters/git/store.ts' },
  { rule: 'main-starts-the-cli', file: 'src/main.ts', imports: './app/use.ts' },
  { rule: 'every-file-has-a-layer', file: 'src/misc/a.ts', imports: '../domain/pure.ts' },
  { rule: 'no-circular', file: 'src/domain/pure.ts', imports: './other.ts' },
  { rule: 'not-to-unresolvable', file: 'src/domain/a.ts', imports: './missing.ts' },
  { rule: 'not-to-dev-dependency', file: 'src/adapters/git/a.ts', imports: 'dev-tool' },
];

describe('a planted violation', () => {
  let tree: string;
  beforeAll(() => {
    tree = mkdtempSync(join(tmpdir(), 'lockkeeper-arch-'));
  });
  afterAll(() => {
    rmSync(tree, { recursive: true });
  });

  function plant(files: Record<string, string>): string {
    const root = mkdtempSync(join(tree, 'case-'));
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    }
    return root;
  }

  const bystanders = {
    'package.json': '{ "devDependencies": { "dev-tool": "1.0.0" } }\n',
    'node_modules/dev-tool/package.json': '{ "name": "dev-tool", "version": "1.0.0" }\n',
    'node_modules/dev-tool/index.js': '',
    'src/domain/pure.ts': 'export type Pure = 1;\n',
    'src/domain/other.ts': `import type { Pure } from './pure.ts';\nexport type Other = Pure;\n`,
    'src/ports/ports.ts': 'export type Port = 1;\n',
    'src/app/use.ts': 'export type Use = 1;\n',
    'src/adapters/git/store.ts': 'export type Store = 1;\n',
  };

  it('is needed: without one the tree is clean', async () => {
    const { summary } = await cruiseIn(plant(bystanders));
    expect(summary).toMatchObject({ totalCruised: 5, violations: [] });
  });

  it.each(violations)('of $rule is found: $file → $imports', async ({ rule, file, imports }) => {
    // A type-only import counts as much as any other.
    const text = `import type * as x from '${imports}';\nexport type Pure = typeof x;\n`;
    const { summary } = await cruiseIn(plant({ ...bystanders, [file]: text }));
    expect(summary.violations.map((violation) => violation.rule.name)).toContain(rule);
  });

  it('is tried for every rule of the configuration', () => {
    const rules = options.ruleSet?.forbidden?.map((rule) => rule.name) ?? [];
    const tried = new Set(violations.map(({ rule }) => rule));
    expect(tried).toEqual(new Set(rules));
  });
});
