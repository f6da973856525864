import type { ImageUpdateAutomation } from '../../api/image-update-automation.ts';
import type { ForeignObject, ForeignRef } from '../../ports/cluster.ts';
import { AppError } from '../../domain/errors.ts';
import { gitSource, type GitSpec } from '../../domain/resources/git-source.ts';
import {
  checkAccess,
  checkCrossNamespace,
  describeObject,
} from '../../domain/resources/object-access.ts';

/** The repo that an automation keeps up to date. */
export interface ConfigRepo {
  readonly git: GitSpec;
  /** Where the Secrets are that `git` names. */
  readonly namespace: string;
  /** The object that is suspended, where one is. */
  readonly suspendedBy?: string;
}

/** How objects of other products are read. */
export interface SourceReader {
  /** May references leave their namespace, where that is granted? */
  readonly isAllowed: boolean;
  /** Undefined: there is no such object. */
  readonly read: (ref: ForeignRef, signal: AbortSignal) => Promise<ForeignObject | undefined>;
}

/**
 * The repo of an automation: its own `spec.git`, or what the GitRepository of `spec.sourceRef` says now, which is read
 * anew each time. That of another namespace has to grant access, for it lends its login.
 * @throws AppError `source/not-found`, `source/invalid`, `access/denied`
 */
export async function configRepo(
  { metadata, spec }: ImageUpdateAutomation,
  { isAllowed, read }: SourceReader,
  signal: AbortSignal,
): Promise<ConfigRepo> {
  const { git, sourceRef } = spec;
  if (git !== undefined || sourceRef === undefined) return own(metadata.namespace, git);
  const { kind, name, namespace = metadata.namespace } = sourceRef;
  const ref = { kind, name, namespace };
  const isForeign = namespace !== metadata.namespace;
  if (isForeign) checkCrossNamespace(ref, isAllowed);
  const object = await read(ref, signal);
  if (object === undefined) {
    throw new AppError('source/not-found', `there is no ${describeObject(ref)}`, { retry: true });
  }
  if (isForeign) checkAccess(ref, object.annotations, metadata.namespace);
  const { git: described, isSuspended } = gitSource(ref, object.spec);
  return {
    git: described,
    namespace,
    ...(isSuspended ? { suspendedBy: describeObject(ref) } : {}),
  };
}

function own(namespace: string, git: GitSpec | undefined): ConfigRepo {
  // The schema asks for one of the two.
  if (git === undefined)
    throw new AppError('resource/invalid', 'spec.git or spec.sourceRef is needed');
  return { git, namespace };
}

/** An automation whose repo is stated by itself. */
export function withRepo(
  { git }: ConfigRepo,
  automation: ImageUpdateAutomation,
): ImageUpdateAutomation {
  return { ...automation, spec: { ...automation.spec, git } };
}

/** The same as if it were in the namespace of the repo's Secrets: how its login is looked for. */
export function inNamespaceOf(
  repo: ConfigRepo,
  automation: ImageUpdateAutomation,
): ImageUpdateAutomation {
  const metadata = { ...automation.metadata, namespace: repo.namespace };
  return { ...withRepo(repo, automation), metadata };
}
