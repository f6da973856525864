import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { customResourceDefinitions } from '../../../src/api/crd.ts';
import { renderCrds } from '../../../src/domain/resources/render-crds.ts';

const folder = new URL('../../../crds/', import.meta.url);

it('crds/ holds exactly what the schemas generate today', () => {
  const committed = readdirSync(folder)
    // Written by hand: it lets kustomize take the folder as a base.
    .filter((name) => name !== 'kustomization.yaml')
    .toSorted()
    .map((name) => ({ name, text: readFileSync(new URL(name, folder), 'utf8') }));
  expect(committed).toEqual(renderCrds());
});

it('the text loads as the definitions it was made from, in YAML 1.1 and 1.2 alike', () => {
  for (const version of ['1.1', '1.2'] as const)
    expect(renderCrds().map(({ text }) => parse(text, { version }))).toEqual(
      customResourceDefinitions(),
    );
});
