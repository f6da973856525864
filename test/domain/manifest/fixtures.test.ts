import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  decodeManifest,
  encodeManifest,
  isManifestPath,
} from '../../../src/domain/manifest/decode.ts';
import { applyFieldEdits } from '../../../src/domain/manifest/edit-fields.ts';
import type { FieldEdit, ImageField } from '../../../src/domain/manifest/image-field.ts';
import { locateFields } from '../../../src/domain/manifest/locate-fields.ts';

const ROOT = new URL('../../fixtures/manifests/', import.meta.url).pathname;

/** Policies and the images that they chose, by marker and by repository. */
const CHOICES = new Map([
  ['app', { name: 'ghcr.io/org/app', tag: '6.2.0' }],
  ['float', { name: 'ghcr.io/org/float', tag: '1.20' }],
  ['octal', { name: 'ghcr.io/org/octal', tag: '0123' }],
  ['exp', { name: 'ghcr.io/org/exp', tag: '12e4567' }],
  ['date', { name: 'ghcr.io/org/date', tag: '2024-01-01' }],
]);

function editOf(field: ImageField): FieldEdit[] {
  const choice = field.marker
    ? CHOICES.get(field.marker.replace('apps/', ''))
    : [...CHOICES.values()].find(({ name }) => name === field.current.name);
  if (!choice) return [];
  const values = {
    reference: `${choice.name}:${choice.tag}`,
    name: choice.name,
    tag: choice.tag,
    digest: `sha256:${'2'.repeat(64)}`,
  };
  return [{ field, value: values[field.part] }];
}

function update(path: string, bytes: Uint8Array, strategy: 'Setters' | 'Images'): Uint8Array {
  const text = decodeManifest(path, bytes);
  const { fields } = locateFields(path, text, strategy);
  return encodeManifest(applyFieldEdits(path, text, fields.flatMap(editOf)));
}

function filesOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .toSorted();
}

describe('an update of the fixture folder', () => {
  it.each(readdirSync(ROOT))('%s gives the expected bytes, and changes nothing again', (name) => {
    const strategy = name.startsWith('images-') ? 'Images' : 'Setters';
    const files = filesOf(join(ROOT, name, 'input'));
    expect(files).toEqual(filesOf(join(ROOT, name, 'expected')));
    for (const file of files) {
      expect(isManifestPath(file)).toBe(true);
      const expected = readFileSync(join(ROOT, name, 'expected', file));
      const updated = update(file, readFileSync(join(ROOT, name, 'input', file)), strategy);
      expect(Buffer.from(updated).toString()).toBe(expected.toString());
      expect(Buffer.compare(Buffer.from(updated), expected)).toBe(0);
      expect(Buffer.compare(Buffer.from(update(file, updated, strategy)), expected)).toBe(0);
    }
  });
});
