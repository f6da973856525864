import type { ImageUpdateAutomation } from '../../api/image-update-automation.ts';
import { AppError } from '../../domain/errors.ts';
import type { Resources } from '../../domain/resources/merge-resources.ts';
import type { GitAccess, Ports } from '../../ports/ports.ts';
import { onBranch } from './branch-sessions.ts';
import { commitSigners } from '../access/commit-signer.ts';
import { gitAccess } from '../access/git-access.ts';
import { HoldMemory } from '../holds/hold-memory.ts';
import { InterestMemory } from '../read/interest-memory.ts';
import { ManifestReader } from '../read/manifest-reader.ts';
import { viewsOver } from '../scan/recorded-memories.ts';
import { ResourceFolders } from '../read/resource-folders.ts';
import { updateBranch, type CarriedOutPass } from './update-branch.ts';
import { updateCheckout } from './update-checkout.ts';
import type { PassRequest, UpdateScope } from './update-pass.ts';

/** A branch of a remote repo. */
export interface RemoteTarget {
  readonly kind: 'remote';
  readonly url: string;
  readonly branch: string;
}

/** What a command works on. */
export type Target = RemoteTarget | { readonly kind: 'folder'; readonly dir: string };

/** What `lockkeeper update` was asked to do. */
export interface UpdateRequest {
  readonly target: Target;
  /** Folders or files with resources; none: those in the target itself apply. */
  readonly policies: readonly string[];
  /** `NAME` or `NAMESPACE/NAME`; needed only when there are several. */
  readonly automation?: string;
  readonly update: UpdateScope;
  /** `spec.windows` do not count. */
  readonly ignoreWindows: boolean;
  readonly dryRun: boolean;
  readonly commit: boolean;
}

/** One pass over a folder or a remote branch, from resources in files. */
export async function updateOnce(
  ports: Ports,
  request: UpdateRequest,
  signal: AbortSignal,
): Promise<CarriedOutPass> {
  const folders = await Promise.all(request.policies.map((path) => ports.open.folder(path)));
  const resources = await new ResourceFolders(folders).load(signal);
  if (folders.length > 0 && resources.policies.size === 0) {
    throw new AppError(
      'resource/not-found',
      `there is no ImagePolicy in ${request.policies.join(', ')}`,
    );
  }
  const input: PassRequest = {
    resources,
    chooseAutomation: (all) => automationFor(all, request.automation),
    update: request.update,
    ignoreWindows: request.ignoreWindows,
  };
  const { target, dryRun, commit } = request;
  if (target.kind === 'remote') return updateRemote(ports, request, { target, input }, signal);
  const checkout = await ports.open.checkout(target.dir);
  const context = {
    reader: new ManifestReader(InterestMemory.from(undefined)),
    views: viewsOver(ports),
    now: () => ports.clock.now(),
    cron: ports.cron,
    holds: new HoldMemory(),
    signerOf: commitSigners(ports),
  };
  return updateCheckout(context, { checkout, clock: ports.clock, dryRun, commit }, input, signal);
}

async function updateRemote(
  ports: Ports,
  request: UpdateRequest,
  { target, input }: { target: RemoteTarget; input: PassRequest },
  signal: AbortSignal,
): Promise<CarriedOutPass> {
  const { url, branch } = target;
  const access = await loginFor(target, input.resources, ports, signal);
  const options = { dryRun: request.dryRun, signal };
  return onBranch(ports, { ...access, url, branch }, options, ({ context, writer }) =>
    updateBranch(context, writer, input, signal),
  );
}

/** The login that an automation for the same repo gives, if there is one. */
async function loginFor(
  target: RemoteTarget,
  resources: Resources,
  ports: Ports,
  signal: AbortSignal,
): Promise<Partial<GitAccess>> {
  const automation = [...resources.automations.values()].find(
    ({ spec }) => spec.git?.url === target.url,
  );
  return automation === undefined ? {} : gitAccess(automation, ports.secrets, signal);
}

/** The one automation there is, or the one that was named. @throws AppError `usage` */
function automationFor(
  { automations }: Resources,
  named: string | undefined,
): ImageUpdateAutomation | undefined {
  const keys = [...automations.keys()].toSorted();
  if (named === undefined) {
    if (automations.size <= 1) return automations.values().next().value;
    throw new AppError(
      'usage',
      `there are several ImageUpdateAutomations (${keys.join(', ')}); choose one with --automation`,
    );
  }
  const matches = keys.filter((key) => key === named || key.endsWith(`/${named}`));
  const [key] = matches;
  if (key !== undefined && matches.length === 1) return automations.get(key);
  throw new AppError(
    'usage',
    `no single ImageUpdateAutomation is called ${named}; there are: ${keys.join(', ') || 'none'}`,
  );
}
