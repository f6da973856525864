import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROOT } from './support/cli.ts';

/** Lint rules that can go silent without anybody noticing, each with a file that breaks it. */
const offences = [
  {
    rule: 'typescript(no-floating-promises)',
    file: 'src/app/floating.ts',
    text: 'async function work(): Promise<void> {}\nexport function run(): void {\n  work();\n}\n',
  },
  {
    rule: 'typescript(no-floating-promises)',
    file: 'test/floating.test.ts',
    text: 'async function work(): Promise<void> {}\nexport function run(): void {\n  work();\n}\n',
  },
  {
    rule: 'typescript(no-misused-promises)',
    file: 'src/app/misused.ts',
    text: 'export function each(list: string[]): void {\n  list.forEach(async () => {});\n}\n',
  },
  {
    rule: 'typescript(switch-exhaustiveness-check)',
    file: 'src/app/exhaustive.ts',
    text: "export function f(x: 'a' | 'b'): number {\n  switch (x) {\n    case 'a':\n      return 1;\n  }\n  return 2;\n}\n",
  },
  {
    rule: 'typescript(consistent-type-imports)',
    file: 'src/app/type-import.ts',
    text: "import { A } from './a.ts';\nexport const x: A = 1;\n",
  },
  {
    rule: 'import(no-default-export)',
    file: 'src/app/default.ts',
    text: 'export default 1;\n',
  },
  {
    rule: 'eslint(max-lines)',
    file: 'src/app/long.ts',
    text: Array.from({ length: 301 }, (_, n) => `export const n${n} = ${n};\n`).join(''),
  },
  { rule: 'eslint(no-console)', file: 'src/app/log.ts', text: "console.log('x');\n" },
  {
    rule: 'eslint(no-restricted-properties)',
    file: 'src/domain/clock.ts',
    text: 'export const now = (): number => Date.now();\n',
  },
  {
    rule: 'eslint(no-restricted-properties)',
    file: 'src/api/random.ts',
    text: 'export const dice = (): number => Math.random();\n',
  },
  {
    rule: 'eslint(no-restricted-globals)',
    file: 'src/domain/environment.ts',
    text: "export const home = process.env['HOME'];\n",
  },
  {
    rule: 'vitest(no-focused-tests)',
    file: 'test/focused.test.ts',
    text: "import { it } from 'vitest';\nit.only('runs alone', () => {});\n",
  },
];

interface Diagnostic {
  readonly code: string;
  readonly filename: string;
}

describe('the lint rules', () => {
  let tree: string;
  let found: readonly string[];

  beforeAll(() => {
    tree = mkdtempSync(join(tmpdir(), 'lockkeeper-lint-'));
    for (const name of ['.oxlintrc.json', 'tsconfig.json', 'package.json'])
      cpSync(join(ROOT, name), join(tree, name));
    symlinkSync(join(ROOT, 'node_modules'), join(tree, 'node_modules'));
    const files = [...offences, { file: 'src/app/a.ts', text: 'export type A = 1;\n' }];
    for (const { file, text } of files) {
      mkdirSync(dirname(join(tree, file)), { recursive: true });
      writeFileSync(join(tree, file), text);
    }
    const oxlint = join(ROOT, 'node_modules/oxlint/bin/oxlint');
    const { stdout } = spawnSync(
      process.execPath,
      [oxlint, '--type-aware', '--format', 'json', 'src', 'test'],
      {
        cwd: tree,
        encoding: 'utf8',
      },
    );
    const { diagnostics } = JSON.parse(stdout) as { diagnostics: Diagnostic[] };
    found = diagnostics.map(({ code, filename }) => `${code} ${filename}`);
  });
  afterAll(() => {
    rmSync(tree, { recursive: true });
  });

  it.each(offences)('find a breach of $rule in $file', ({ rule, file }) => {
    expect(found).toContain(`${rule} ${file}`);
  });

  it('let a clean file be', () => {
    expect(found.filter((line) => line.endsWith(' src/app/a.ts'))).toEqual([]);
  });
});
