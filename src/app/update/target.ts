import type { ImageUpdateAutomation } from '../../api/image-update-automation.ts';
import { AppError } from '../../domain/errors.ts';
import type { Resources } from '../../domain/resources/merge-resources.ts';
import type { GitAccess, Ports } from '../../ports/ports.ts';
import { gitAccess } from '../access/git-access.ts';
import { ResourceFolders } from '../read/resource-folders.ts';

/** A branch of a remote repo. */
export interface RemoteTarget {
  readonly kind: 'remote';
  readonly url: string;
  /** Default: the branch that an automation for the repo reads, else `main`. */
  readonly branch?: string;
}

/** What a command works on. */
export type Target = RemoteTarget | { readonly kind: 'folder'; readonly dir: string };

/** Which resources a command was given. */
export interface GivenSettings {
  /** Folders or files with resources; none: those in the target itself may apply. */
  readonly policies: readonly string[];
  /** `NAME` or `NAMESPACE/NAME` of an automation; needed only when there are several. */
  readonly automation?: string;
}

/** Reads the resources that a command was given. @throws AppError `usage`, and `InvalidResources` */
export async function givenResources(
  ports: Ports,
  { policies }: GivenSettings,
  signal: AbortSignal,
): Promise<Resources> {
  const folders = await Promise.all(policies.map((path) => ports.open.folder(path)));
  return new ResourceFolders(folders).load(signal);
}

/**
 * The automation that was named; without a name the one for the repo, or the only one there is.
 * @throws AppError `usage` where there are several
 */
export function automationFor(
  { automations }: Pick<Resources, 'automations'>,
  named: string | undefined,
  target: Target,
): ImageUpdateAutomation | undefined {
  const keys = [...automations.keys()].toSorted();
  if (named !== undefined) return theNamed(automations, named);
  const ofRepo = [...automations.values()].filter((each) => isFor(each, target));
  if (ofRepo.length === 1) return ofRepo[0];
  if (automations.size <= 1) return automations.values().next().value;
  throw new AppError(
    'usage',
    `there are several ImageUpdateAutomations (${keys.join(', ')}); choose one with --automation`,
  );
}

/**
 * How a command reaches a remote: by the login of an automation for the same address, else by that of the process. A
 * login goes nowhere else.
 */
export async function accessTo(
  target: RemoteTarget,
  automation: ImageUpdateAutomation | undefined,
  { secrets }: Pick<Ports, 'secrets'>,
  signal: AbortSignal,
): Promise<GitAccess> {
  const { url, branch } = target;
  const own =
    automation !== undefined && isFor(automation, target)
      ? await gitAccess(automation, secrets, signal)
      : { url, branch: 'main' };
  return { ...own, ...(branch === undefined ? {} : { branch }) };
}

/** Is an automation for the very address that a command works on? */
export function isFor({ spec }: ImageUpdateAutomation, target: Target): boolean {
  return target.kind === 'remote' && spec.git?.url === target.url;
}

function theNamed(
  automations: Resources['automations'],
  named: string,
): ImageUpdateAutomation | undefined {
  const keys = [...automations.keys()].toSorted();
  const matches = keys.filter((key) => key === named || key.endsWith(`/${named}`));
  const [key] = matches;
  if (key !== undefined && matches.length === 1) return automations.get(key);
  throw new AppError(
    'usage',
    `no single ImageUpdateAutomation is called ${named}; there are: ${keys.join(', ') || 'none'}`,
  );
}
