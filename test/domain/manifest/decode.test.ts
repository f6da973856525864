import { describe, expect, it } from 'vitest';
import {
  decodeManifest,
  encodeManifest,
  isManifestPath,
  MAX_MANIFEST_BYTES,
  mayHoldImage,
  mayHoldLock,
  mayHoldMarker,
} from '../../../src/domain/manifest/decode.ts';

describe('the path of a manifest', () => {
  it.each(['a.yaml', 'a/b.yml', 'Kustomization', 'base/Kustomization', '.hidden.yaml'])(
    'is %s',
    (path) => expect(isManifestPath(path)).toBe(true),
  );
  it.each(['a.json', 'yaml', 'a.yaml.tmpl', 'MyKustomization', 'kustomization', 'a.YAML/b'])(
    'is not %s',
    (path) => expect(isManifestPath(path)).toBe(false),
  );
});

describe('decoding', () => {
  it('gives back every byte of UTF-8 text, a byte order mark included', () => {
    const bytes = new TextEncoder().encode('\uFEFFa: é😀\r\n');
    expect(encodeManifest(decodeManifest('f.yaml', bytes))).toEqual(bytes);
  });

  it.each([
    { title: 'Latin-1', bytes: [0x61, 0x3a, 0x20, 0xe9] },
    { title: 'UTF-16', bytes: [0xff, 0xfe, 0x61, 0x00] },
    { title: 'a character cut short', bytes: [0x61, 0xe2, 0x82] },
  ])('refuses $title by name of the file', ({ bytes }) => {
    expect(() => decodeManifest('a/f.yaml', Uint8Array.from(bytes))).toThrow(
      expect.objectContaining({
        code: 'file/not-utf8',
        message: expect.stringContaining('not UTF-8'),
      }),
    );
  });

  it('refuses a file above the limit', () => {
    expect(decodeManifest('f.yaml', new Uint8Array(MAX_MANIFEST_BYTES))).toHaveLength(
      MAX_MANIFEST_BYTES,
    );
    expect(() => decodeManifest('f.yaml', new Uint8Array(MAX_MANIFEST_BYTES + 1))).toThrow(
      expect.objectContaining({
        code: 'file/too-large',
        message: expect.stringContaining('larger than 5 MiB'),
      }),
    );
  });
});

describe('a look at raw bytes', () => {
  const bytes = (text: string) => new TextEncoder().encode(text);

  it.each([
    { text: 'a # {"$imagepolicy": "a:b"}', marker: true, image: true, lock: false },
    { text: '$$imagepolicy', marker: true, image: true, lock: false },
    { text: '$imagepolic', marker: false, image: true, lock: false },
    { text: 'sideImage: x', marker: false, image: true, lock: false },
    { text: 'fluxcd.io/locked: "true"', marker: false, image: false, lock: true },
    { text: '', marker: false, image: false, lock: false },
    { text: 'mag', marker: false, image: false, lock: false },
  ])('tells what $text may hold', ({ text, marker, image, lock }) => {
    expect(mayHoldMarker(bytes(text))).toBe(marker);
    expect(mayHoldImage(bytes(text))).toBe(image);
    expect(mayHoldLock(bytes(text))).toBe(lock);
  });
});
