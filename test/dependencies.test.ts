import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import manifest from '../package.json' with { type: 'json' };
import { ROOT } from './support/cli.ts';

const page = readFileSync(join(ROOT, 'docs/dependencies.md'), 'utf8');

/** The packages one section of the page names, with the version where it gives one. */
function rows(heading: string): { name: string; version: string | undefined }[] {
  const section = page.split(/^## /m).find((part) => part.startsWith(heading)) ?? '';
  return [...section.matchAll(/^- `([^`]+)`(?: ([\d.]+))?: \S/gm)].map(
    ([, name = '', version]) => ({ name, version }),
  );
}

describe.each([
  { heading: 'At run time', dependencies: manifest.dependencies },
  { heading: 'For building and testing', dependencies: manifest.devDependencies },
])('the section "$heading" of docs/dependencies.md', ({ heading, dependencies }) => {
  it('has one line with a reason for each package, and none for others', () => {
    expect(rows(heading).map(({ name }) => name)).toEqual(Object.keys(dependencies).toSorted());
  });

  it('gives the version of exactly those that are pinned', () => {
    const pins = Object.entries(dependencies).filter(([, range]) => /^\d/.test(range));
    const said = rows(heading).filter(({ version }) => version !== undefined);
    expect(Object.fromEntries(said.map(({ name, version }) => [name, version]))).toEqual(
      Object.fromEntries(pins),
    );
  });
});
