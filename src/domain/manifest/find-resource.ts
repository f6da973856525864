import { AppError } from '../errors.ts';
import type { Manifest } from './parse-manifest.ts';
import { resourcesOf, type Resource } from './resources.ts';

/** A resource as a person names it. */
export interface ResourceTarget {
  /** In any case: `deployment` is `Deployment`. */
  readonly kind: string;
  readonly name: string;
  /** A resource whose file states no namespace matches too: something else may set it. */
  readonly namespace?: string | undefined;
  /** Group and version, or a group with its slash, where it matters. */
  readonly apiVersion?: string | undefined;
}

/** @throws AppError `manifest/not-found`, `manifest/ambiguous` unless just one resource matches */
export function theResource(manifest: Manifest, target: ResourceTarget): Resource {
  const found = matches(manifest, target);
  const [resource] = found;
  const name = `${target.kind} ${target.namespace === undefined ? '' : `${target.namespace}/`}${target.name}`;
  const at = { path: manifest.path };
  if (resource === undefined) {
    throw new AppError('manifest/not-found', `there is no ${name} in this file`, { at });
  }
  if (found.length > 1) {
    const message = `there are ${found.length} resources ${name} in this file; name the namespace, or make them one`;
    throw new AppError('manifest/ambiguous', message, { at });
  }
  return resource;
}

function matches(manifest: Manifest, target: ResourceTarget): Resource[] {
  const named = resourcesOf(manifest).filter(
    ({ id, kind, apiVersion }) =>
      id?.name === target.name &&
      kind.toLowerCase() === target.kind.toLowerCase() &&
      isVersion(apiVersion, target.apiVersion),
  );
  if (target.namespace === undefined) return named;
  const exact = named.filter(({ id }) => id?.namespace === target.namespace);
  return exact.length > 0 ? exact : named.filter(({ id }) => id?.namespace === undefined);
}

function isVersion(apiVersion: string, wanted: string | undefined): boolean {
  if (wanted === undefined || apiVersion === wanted) return true;
  return wanted.endsWith('/') && apiVersion.startsWith(wanted);
}
