import { isMap, isScalar, isSeq, Scalar, type YAMLMap } from 'yaml';
import { AppError } from '../errors.ts';
import type { Manifest } from '../manifest/parse-manifest.ts';
import { resolved } from '../manifest/yaml-lookup.ts';
import { spanOf } from '../manifest/yaml-tree.ts';
import type { FieldPath } from './field-path.ts';

/** Deepest nesting of a resource; our schemas have 8 levels. */
const MAX_DEPTH = 50;

/** How much aliases may add to a resource. Real ones add a handful; a bomb adds millions. */
const MAX_NODES = 10_000;

/** Where a field stands: offset of its key, offset of its value, and the value as it is written. */
export interface FieldPlace {
  readonly key: number | undefined;
  readonly value: number;
  readonly source: string | undefined;
}

/** A resource as plain data, with the place of every field. */
export interface ResourceValue {
  readonly value: Record<string, unknown>;
  /** The place of a field, or of the nearest field around it that is there. */
  placeOf(path: FieldPath): FieldPlace & { readonly exact: boolean };
}

/**
 * The value that a Kubernetes loader would see, through aliases and merge keys.
 * @throws AppError `resource/invalid` when aliases unfold to more than a resource can be
 */
export function resourceValue(manifest: Manifest, root: YAMLMap): ResourceValue {
  const reader = new Reader(manifest);
  const value = reader.read(root, [], undefined) as Record<string, unknown>;
  return {
    value,
    placeOf: (path) => {
      for (let length = path.length; length > 0; length -= 1) {
        const place = reader.places.get(keyOf(path.slice(0, length)));
        if (place !== undefined) return { ...place, exact: length === path.length };
      }
      const start = spanOf(root).start;
      return { key: undefined, value: start, source: undefined, exact: path.length === 0 };
    },
  };
}

class Reader {
  readonly places = new Map<string, FieldPlace>();
  readonly #manifest: Manifest;
  #nodes = 0;

  constructor(manifest: Manifest) {
    this.#manifest = manifest;
  }

  read(written: unknown, path: FieldPath, keyOffset: number | undefined): unknown {
    const node = resolved(this.#manifest, written);
    this.#nodes += 1;
    if (this.#nodes > MAX_NODES || path.length > MAX_DEPTH) throw this.#tooLarge(keyOffset);
    if (node === undefined) {
      this.places.set(keyOf(path), { key: keyOffset, value: keyOffset ?? 0, source: undefined });
      return null;
    }
    const start = spanOf(node).start;
    const source = isScalar(node) ? String(node.value) : undefined;
    this.places.set(keyOf(path), { key: keyOffset, value: start, source });
    if (isMap(node)) return this.#map(node, path, path.length);
    if (isSeq(node)) {
      return node.items.map((item, index) => this.read(item, [...path, index], undefined));
    }
    return scalarValue(node);
  }

  /** Own keys win over merged ones, and earlier merged maps over later ones (YAML 1.1, merge key). */
  #map(node: YAMLMap, path: FieldPath, depth: number): Record<string, unknown> {
    this.#nodes += 1;
    // A map may be merged into itself.
    if (this.#nodes > MAX_NODES || depth > MAX_DEPTH) throw this.#tooLarge(undefined);
    const result: Record<string, unknown> = Object.create(null);
    for (const source of this.#merged(node).toReversed()) {
      Object.assign(result, this.#map(source, path, depth + 1));
    }
    for (const { key, value } of node.items) {
      const name = isScalar(key) ? String(key.value) : undefined;
      if (name === '<<') continue;
      const offset = isScalar(key) || isMap(key) || isSeq(key) ? spanOf(key).start : undefined;
      if (name === undefined) throw this.#notText(offset);
      result[name] = this.read(value, [...path, name], offset);
    }
    return result;
  }

  #merged(node: YAMLMap): readonly YAMLMap[] {
    const pair = node.items.find(({ key }) => isScalar(key) && key.value === '<<');
    const given = resolved(this.#manifest, pair?.value);
    const sources = isSeq(given) ? given.items : [given];
    return sources.map((source) => resolved(this.#manifest, source)).filter((map) => isMap(map));
  }

  #tooLarge(offset: number | undefined): AppError {
    const message = 'the resource is too deep or too large once its aliases are unfolded';
    return new AppError('resource/invalid', message, this.#at(offset));
  }

  #notText(offset: number | undefined): AppError {
    const message = 'the name of a field must be plain text';
    return new AppError('resource/invalid', message, this.#at(offset));
  }

  #at(offset: number | undefined): { readonly at?: Required<ReturnType<Manifest['locate']>> } {
    return offset === undefined ? {} : { at: this.#manifest.locate(offset) };
  }
}

function keyOf(path: FieldPath): string {
  return JSON.stringify(path);
}

/**
 * A scalar as Kubernetes loads it: its YAML library reads the words of YAML 1.1 (`yes`, `0777`,
 * `1_000`) besides those of 1.2, and leaves times as text.
 */
function scalarValue(node: Scalar): string | number | boolean | null {
  const text = String(node.value);
  const isPlain = node.type === undefined || node.type === Scalar.PLAIN;
  if (!isPlain || node.tag !== undefined) return text;
  if (/^(~|null|Null|NULL)?$/.test(text)) return null;
  if (/^(y|Y|yes|Yes|YES|true|True|TRUE|on|On|ON)$/.test(text)) return true;
  if (/^(n|N|no|No|NO|false|False|FALSE|off|Off|OFF)$/.test(text)) return false;
  return isNumber(text) ? Number(text.replaceAll('_', '')) : text;
}

function isNumber(text: string): boolean {
  const digits = text.replaceAll('_', '');
  return (
    /^[-+.0-9]/.test(text) &&
    (/^[-+]?(0b[01]+|0o[0-7]+|0x[0-9a-fA-F]+)$/.test(digits) ||
      /^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$/.test(digits) ||
      /^([-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN))$/.test(text))
  );
}
