import {
  fluxGitRepositorySpecSchema,
  type FluxGitRepositorySpec,
} from '../../api/flux-git-repository.ts';
import type { ImageUpdateAutomationSpec } from '../../api/image-update-automation.ts';
import { AppError } from '../errors.ts';
import { checkResource } from './check-resource.ts';
import type { Fault } from './fault.ts';
import { formatFieldPath } from './field-path.ts';
import { describeObject, type ReferredObject } from './object-access.ts';

/** `spec.git` of an automation. */
export type GitSpec = NonNullable<ImageUpdateAutomationSpec['git']>;

/** What a GitRepository says of a config repo. */
export interface GitSource {
  readonly git: GitSpec;
  readonly isSuspended: boolean;
}

/** The branch that Flux takes where a GitRepository names no reference. */
const FLUX_DEFAULT_BRANCH = 'master';

/**
 * The config repo that a Flux GitRepository describes, in the terms of `spec.git` and by its rules.
 * @param spec as the API server has it
 * @throws AppError `source/invalid` for one that cannot be written to
 */
export function gitSource(ref: ReferredObject, spec: unknown): GitSource {
  const { data } = fluxGitRepositorySpecSchema.safeParse(spec);
  if (data === undefined) {
    throw new AppError('source/invalid', `${describeObject(ref)}: spec cannot be understood`);
  }
  const { url, secretRef, proxySecretRef, provider, suspend } = data;
  checkIdentity(ref, data);
  const git = {
    url,
    branch: branchOf(ref, data),
    ...(provider ? { provider } : {}),
    ...(secretRef ? { secretRef } : {}),
    ...(proxySecretRef ? { proxySecretRef } : {}),
  };
  const metadata = { name: ref.name, namespace: ref.namespace };
  const { resource, faults } = checkResource(
    'ImageUpdateAutomation',
    { metadata, spec: { git } },
    () => undefined,
  );
  if (resource?.kind === 'ImageUpdateAutomation' && resource.spec.git !== undefined) {
    return { git: resource.spec.git, isSuspended: suspend === true };
  }
  const text = faults.map(faultText).join('; ');
  throw new AppError('source/invalid', `${describeObject(ref)}: ${text}`);
}

/** Under a cloud's provider an account stands for another identity than this process's, which must not take its place. */
function checkIdentity(
  ref: ReferredObject,
  { provider, serviceAccountName }: FluxGitRepositorySpec,
): void {
  if (!serviceAccountName || (provider !== 'aws' && provider !== 'azure')) return;
  throw new AppError(
    'source/invalid',
    `${describeObject(ref)}: spec.serviceAccountName: not supported; give the automation spec.git with a login of its own`,
  );
}

/** A fault of `spec.git`, by the name that the field has in a GitRepository. */
function faultText({ path, message }: Fault): string {
  const fields = path.flatMap((step) =>
    step === 'git' ? [] : step === 'branch' ? ['ref', 'branch'] : [step],
  );
  return `${formatFieldPath(fields)}: ${message}`;
}

/** Commits go to a branch: the one that Flux follows, by the precedence of its fields. */
function branchOf(ref: ReferredObject, spec: FluxGitRepositorySpec): string {
  const { commit, name, semver, tag, branch } = spec.ref ?? {};
  const follows = (field: string) =>
    new AppError(
      'source/invalid',
      `${describeObject(ref)} follows spec.ref.${field}, to which nothing can be committed; let it follow a branch, or give the automation spec.git`,
    );
  if (commit) throw follows('commit');
  if (name) {
    const [, head] = /^refs\/heads\/(.+)$/.exec(name) ?? [];
    if (head === undefined) throw follows('name');
    return head;
  }
  if (semver) throw follows('semver');
  if (tag) throw follows('tag');
  return branch || FLUX_DEFAULT_BRANCH;
}
