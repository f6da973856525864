import { AppError } from './errors.ts';

/**
 * Image references (grammar: distribution/reference; `docker.io` defaults as in Docker).
 */

/** A canonical repository: `docker.io/library/nginx` for `nginx`. */
export interface Repository {
  /** Host, with port where one is given; lower case; `docker.io` for Docker Hub's aliases. */
  readonly registry: string;
  /** Path below the host; `library/` added for Docker Hub's official images. */
  readonly path: string;
}

/** A reference as written: `name` keeps the user's spelling. */
export interface ImageReference {
  readonly name: string;
  readonly tag?: string;
  readonly digest?: string;
}

/** Longest name; the limit of distribution/reference. */
const MAX_NAME_CHARS = 255;
/** Name, tag of 128, and the longest digest (sha512) with their separators; more is never looked at. */
const MAX_REFERENCE_CHARS = MAX_NAME_CHARS + 1 + 128 + 1 + 135;

// No two parts of these can match the same character in the same place, so they never backtrack far.
const HOST =
  /^(?:\[[0-9a-fA-F:]+\]|[a-zA-Z0-9]+(?:-+[a-zA-Z0-9]+)*(?:\.[a-zA-Z0-9]+(?:-+[a-zA-Z0-9]+)*)*)(?::[0-9]+)?$/;
const PATH_COMPONENT = /^[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*$/;
const TAG = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/;
const DIGEST = /^sha(?:256:[a-f0-9]{64}|384:[a-f0-9]{96}|512:[a-f0-9]{128})$/;
/** A bare image id, which Docker does not take for a repository's name. */
const IMAGE_ID = /^[a-f0-9]{64}$/;

const DOCKER_HUB = 'docker.io';
const DOCKER_HUB_ALIASES: ReadonlySet<string> = new Set([
  DOCKER_HUB,
  'index.docker.io',
  'registry-1.docker.io',
  'registry.hub.docker.com',
]);

/** Is `text` a tag: `[A-Za-z0-9_][A-Za-z0-9_.-]*` of at most 128 characters? */
export function isTag(text: string): boolean {
  return TAG.test(text);
}

/**
 * Reads `[host[:port]/]path[:tag][@digest]`. Time is linear in the text.
 * @returns undefined when the text is not a reference
 */
export function parseImageReference(text: string): ImageReference | undefined {
  if (text.length > MAX_REFERENCE_CHARS) return undefined;
  const { name, tag, digest } = splitReference(text);
  if (tag !== undefined && !TAG.test(tag)) return undefined;
  if (digest !== undefined && !DIGEST.test(digest)) return undefined;
  if (canonical(name) === undefined) return undefined;
  return {
    name,
    ...(tag === undefined ? {} : { tag }),
    ...(digest === undefined ? {} : { digest }),
  };
}

/** Text of a reference: `name[:tag][@digest]`, the name as it was written. */
export function formatImageReference(reference: ImageReference): string {
  const tag = reference.tag === undefined ? '' : `:${reference.tag}`;
  const digest = reference.digest === undefined ? '' : `@${reference.digest}`;
  return `${reference.name}${tag}${digest}`;
}

/**
 * The repository that a name without tag and digest means.
 * @throws AppError `image/invalid`, with a message that says what to change
 */
export function parseRepository(name: string): Repository {
  const repository = canonical(name);
  if (repository === undefined) {
    throw new AppError('image/invalid', `image ${quote(name)} ${faultOf(name)}`);
  }
  return repository;
}

/** One spelling per repository, such as `docker.io/library/nginx`; fit for keys and comparison. */
export function repositoryKey(repository: Repository): string {
  return `${repository.registry}/${repository.path}`;
}

/** Do two names, as written, mean the same repository? A name that is not valid equals nothing. */
export function sameRepository(a: string, b: string): boolean {
  const left = canonical(a);
  const right = canonical(b);
  return left !== undefined && right !== undefined && repositoryKey(left) === repositoryKey(right);
}

/** Cuts at the separators without judging the parts. A colon before a slash belongs to the host. */
function splitReference(text: string): { name: string; tag?: string; digest?: string } {
  const at = text.indexOf('@');
  const rest = at < 0 ? text : text.slice(0, at);
  const digest = at < 0 ? {} : { digest: text.slice(at + 1) };
  const colon = rest.lastIndexOf(':');
  if (colon <= rest.lastIndexOf('/')) return { name: rest, ...digest };
  return { name: rest.slice(0, colon), tag: rest.slice(colon + 1), ...digest };
}

function canonical(name: string): Repository | undefined {
  if (name.length > MAX_NAME_CHARS || IMAGE_ID.test(name)) return undefined;
  const { host, path } = splitHost(name);
  if (host !== undefined && !HOST.test(host)) return undefined;
  if (!path.split('/').every((component) => PATH_COMPONENT.test(component))) return undefined;

  const registry = host?.toLowerCase() ?? DOCKER_HUB;
  if (!DOCKER_HUB_ALIASES.has(registry)) return { registry, path };
  return { registry: DOCKER_HUB, path: path.includes('/') ? path : `library/${path}` };
}

/** Docker's rule: what stands before the first slash is a host when no path component could be it. */
function splitHost(name: string): { host?: string; path: string } {
  const slash = name.indexOf('/');
  const first = name.slice(0, Math.max(slash, 0));
  const isHost = /[.:]/.test(first) || first === 'localhost' || first !== first.toLowerCase();
  return isHost ? { host: first, path: name.slice(slash + 1) } : { path: name };
}

/** What is wrong with a name that is not a repository, and the mend. */
function faultOf(name: string): string {
  if (name === '') return 'is empty; write a repository such as ghcr.io/org/app';
  if (/\s/.test(name)) return 'has white space in it; remove it';
  const scheme = /^[A-Za-z][A-Za-z0-9+.-]*:\/\//.exec(name)?.[0];
  if (scheme !== undefined) return `has a scheme; leave "${scheme}" out`;
  if (name.length > MAX_NAME_CHARS) return `is longer than ${MAX_NAME_CHARS} characters`;
  const { name: bare, tag, digest } = splitReference(name);
  if (digest !== undefined) return `has a digest; leave ${quote(`@${digest}`)} out`;
  if (tag !== undefined && canonical(bare) !== undefined) return `has a tag; leave ":${tag}" out`;
  if (IMAGE_ID.test(name)) return 'is an image id; write the name of a repository';
  if (name.endsWith('/')) return 'ends with a slash; leave it out';
  return faultOfParts(name);
}

function faultOfParts(name: string): string {
  const { host, path } = splitHost(name);
  if (host !== undefined && !HOST.test(host)) {
    return `names the registry "${host}", which is not a host name with an optional port`;
  }
  if (path !== path.toLowerCase() && canonical(name.toLowerCase()) !== undefined) {
    return `has upper-case letters; write "${path.toLowerCase()}"`;
  }
  const bad = path.split('/').find((component) => !PATH_COMPONENT.test(component));
  return `is not a repository: "${bad ?? path}" must be lower-case letters and digits, with single ".", "_" or "-" between them`;
}

/** The text on one line, however long or strange it is. */
function quote(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
}
