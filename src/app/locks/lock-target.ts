import { AppError } from '../../domain/errors.ts';

/** What a lock is put on: a resource by kind and name, or one marked field by file and line. */
export type LockTarget =
  | {
      readonly on: 'resource';
      readonly kind: string;
      readonly name: string;
      readonly namespace?: string;
    }
  | { readonly on: 'line'; readonly path: string; readonly line: number };

/** Reads `KIND/NAME` or `FILE:LINE`. @throws AppError `usage` */
export function parseLockTarget(text: string, namespace: string | undefined): LockTarget {
  const line = /^(?<path>.+):(?<line>[1-9][0-9]{0,6})$/.exec(text)?.groups;
  if (line !== undefined) {
    if (namespace !== undefined) {
      throw new AppError(
        'usage',
        `-n goes with KIND/NAME; ${text} says by itself which field it is`,
      );
    }
    const path = (line['path'] ?? '').replace(/^\.\//, '');
    return { on: 'line', path, line: Number(line['line']) };
  }
  const resource = /^(?<kind>[A-Za-z][A-Za-z0-9]*)\/(?<name>[a-z0-9][a-z0-9.-]*)$/.exec(
    text,
  )?.groups;
  if (resource === undefined) {
    throw new AppError(
      'usage',
      `"${text}" names no place; give KIND/NAME (Deployment/podinfo, ImagePolicy/podinfo) or FILE:LINE`,
    );
  }
  return {
    on: 'resource',
    kind: resource['kind'] ?? '',
    name: resource['name'] ?? '',
    ...(namespace === undefined ? {} : { namespace }),
  };
}

/** The target as people write it. */
export function formatLockTarget(target: LockTarget): string {
  if (target.on === 'line') return `${target.path}:${target.line}`;
  const name = target.namespace === undefined ? target.name : `${target.namespace}/${target.name}`;
  return `${target.kind} ${name}`;
}
