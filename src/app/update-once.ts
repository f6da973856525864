import type { ImageUpdateAutomation } from '../api/image-update-automation.ts';
import { AppError } from '../domain/errors.ts';
import type { Resources } from '../domain/resources/merge-resources.ts';
import type { GitBranch, Ports, StateFiles } from '../ports.ts';
import { gitAccess } from './git-access.ts';
import { InterestMemory } from './interest-memory.ts';
import { ManifestReader } from './manifest-reader.ts';
import { PolicyViews } from './policy-views.ts';
import { RepositoryScans } from './repository-scans.ts';
import { ResourceFolders } from './resource-folders.ts';
import { updateBranch, type CarriedOutPass } from './update-branch.ts';
import { updateCheckout } from './update-checkout.ts';
import type { PassContext, PassRequest, UpdateScope } from './update-pass.ts';

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
  /** Folders or files with resources, besides those in the target itself. */
  readonly policies: readonly string[];
  /** `NAME` or `NAMESPACE/NAME`; needed only when there are several. */
  readonly automation?: string;
  readonly update: UpdateScope;
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
  const input: PassRequest = {
    resources,
    chooseAutomation: (all) => automationFor(all, request.automation),
    update: request.update,
  };
  const { target, dryRun, commit } = request;
  if (target.kind === 'remote') return updateRemote(ports, request, { target, input }, signal);
  const checkout = await ports.open.checkout(target.dir);
  const context = passContext(ports, InterestMemory.from(undefined));
  return updateCheckout(context, { checkout, clock: ports.clock, dryRun, commit }, input, signal);
}

async function updateRemote(
  ports: Ports,
  request: UpdateRequest,
  { target, input }: { target: RemoteTarget; input: PassRequest },
  signal: AbortSignal,
): Promise<CarriedOutPass> {
  const branch = await openRemote(ports, target, input.resources, signal);
  try {
    return await withBlobMemory(ports.state, target, (memory) =>
      updateBranch(
        passContext(ports, memory),
        { branch, clock: ports.clock, random: ports.random, dryRun: request.dryRun },
        input,
        signal,
      ),
    );
  } finally {
    await branch.close();
  }
}

/** Scans, selectors and parsed files of one process. */
export function passContext(ports: Ports, memory: InterestMemory): PassContext {
  return {
    reader: new ManifestReader(memory),
    views: new PolicyViews(new RepositoryScans(ports)),
    now: () => ports.clock.now(),
  };
}

/** Remembers from run to run which blobs of a branch hold something. */
export async function withBlobMemory<T>(
  state: StateFiles,
  { url, branch }: RemoteTarget,
  use: (memory: InterestMemory) => Promise<T>,
): Promise<T> {
  const name = `blobs of ${branch} at ${url}`;
  const memory = InterestMemory.from(await state.load(name));
  const result = await use(memory);
  if (memory.changed) await state.save(name, memory.toJSON());
  return result;
}

/** Opens a branch with the login that an automation for the same repo gives, if there is one. */
export async function openRemote(
  ports: Ports,
  target: RemoteTarget,
  resources: Resources,
  signal: AbortSignal,
): Promise<GitBranch> {
  const automation = [...resources.automations.values()].find(
    ({ spec }) => spec.git?.url === target.url,
  );
  const access = automation === undefined ? {} : await gitAccess(automation, ports.secrets, signal);
  return ports.open.branch({ ...access, url: target.url, branch: target.branch });
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
