import type { FieldPart, PolicyKey } from './image-field.ts';
import type { LockWords } from './lock-values.ts';

/** The key that makes a comment a marker (Flux, "Configure image update for custom resources"). */
export const MARKER_KEY = '$imagepolicy';

/** A marker comment, understood. */
export interface Marker {
  readonly policy: PolicyKey;
  readonly part: FieldPart;
  readonly lock?: LockWords;
  /** What is wrong about the lock keys; the lock holds all the same. */
  readonly lockFault?: string;
}

/** A marker, the fault that keeps a comment from being one, or undefined for any other comment. */
export type MarkerReading = { readonly marker: Marker } | { readonly fault: string } | undefined;

const PARTS: ReadonlySet<string> = new Set(['name', 'tag', 'digest']);
const LOCK_KEYS: ReadonlySet<string> = new Set(['lock', 'lock-reason', 'lock-by', 'lock-until']);

/** The JSON of a marker comment: what stands behind its `#`s. */
export function markerJson(source: string): string {
  return source.replace(/^#+/, '').trim();
}

/**
 * Reads a comment, `#` included. A comment counts as meant to be a marker when it opens with a brace
 * and names the key; `# image: x # {"$imagepolicy": …}` is a field that was commented out.
 */
export function readMarker(source: string): MarkerReading {
  const json = markerJson(source);
  if (!json.startsWith('{') || !json.includes(MARKER_KEY)) return undefined;
  const members = parseObject(json);
  if (members === undefined) {
    return { fault: 'the marker is not one JSON object, such as {"$imagepolicy": "ns:name"}' };
  }
  const target = members[MARKER_KEY];
  if (typeof target !== 'string') return { fault: `${MARKER_KEY} must be a string, "ns:name"` };
  const [namespace, name, part, ...rest] = target.split(':');
  if (!namespace || !name || rest.length > 0 || /[\s/]/.test(target)) {
    return {
      fault: `${JSON.stringify(target)} is not "ns:name", with or without ":tag" behind it`,
    };
  }
  if (part !== undefined && !PARTS.has(part)) {
    return { fault: `":${part}" is none of ":name", ":tag" and ":digest"` };
  }
  return {
    marker: {
      policy: `${namespace}/${name}`,
      part: (part as FieldPart | undefined) ?? 'reference',
      ...readLockKeys(members),
    },
  };
}

function parseObject(json: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

/** Keys that start with `lock` are ours; a misspelt one is a lock that somebody meant. */
export function isLockKey(key: string): boolean {
  return key.startsWith('lock');
}

function readLockKeys(members: Record<string, unknown>): Pick<Marker, 'lock' | 'lockFault'> {
  const keys = Object.keys(members).filter(isLockKey);
  if (keys.length === 0) return {};
  const word = members['lock'];
  const fault = lockFaultOf(members, keys);
  const text = (key: string): string | undefined => {
    const value = members[key];
    return typeof value === 'string' ? value : undefined;
  };
  return {
    lock: {
      lock: typeof word === 'string' ? word : word === false ? 'false' : 'true',
      reason: text('lock-reason'),
      by: text('lock-by'),
      until: text('lock-until'),
    },
    ...(fault === undefined ? {} : { lockFault: fault }),
  };
}

function lockFaultOf(
  members: Record<string, unknown>,
  keys: readonly string[],
): string | undefined {
  const unknown = keys.find((key) => !LOCK_KEYS.has(key));
  if (unknown !== undefined) {
    return `${JSON.stringify(unknown)} is none of ${[...LOCK_KEYS].join(', ')}`;
  }
  const wrongType = keys.find((key) => key !== 'lock' && typeof members[key] !== 'string');
  if (wrongType !== undefined) return `${JSON.stringify(wrongType)} must be a string`;
  const word = members['lock'];
  if (word === undefined) return '"lock" is missing beside the other lock keys';
  if (typeof word !== 'string' && typeof word !== 'boolean') {
    return '"lock" must be a tag in quotes, or true';
  }
  return undefined;
}
