import { AppError } from '../../domain/errors.ts';
import type { Ports } from '../../ports/ports.ts';
import { onBranch } from './branch-sessions.ts';
import { keySigners } from '../access/commit-signer.ts';
import { HoldMemory } from '../holds/hold-memory.ts';
import { ManifestReader } from '../read/manifest-reader.ts';
import { viewsOver } from '../scan/recorded-memories.ts';
import {
  accessTo,
  automationFor,
  givenResources,
  type GivenSettings,
  type RemoteTarget,
  type Target,
} from './target.ts';
import { updateBranch, type CarriedOutPass } from './update-branch.ts';
import { updateCheckout } from './update-checkout.ts';
import type { PassRequest, UpdateScope } from './pass-request.ts';

/** What `lockkeeper update` was asked to do. */
export interface UpdateRequest extends GivenSettings {
  readonly target: Target;
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
  const resources = await givenResources(ports, request, signal);
  if (request.policies.length > 0 && resources.policies.size === 0) {
    throw new AppError(
      'resource/not-found',
      `there is no ImagePolicy in ${request.policies.join(', ')}`,
    );
  }
  const input: PassRequest = {
    resources,
    chooseAutomation: (all) => automationFor(all, request.automation, request.target),
    update: request.update,
    ignoreWindows: request.ignoreWindows,
  };
  const { target, dryRun, commit } = request;
  if (target.kind === 'remote') return updateRemote(ports, request, { target, input }, signal);
  const checkout = await ports.open.checkout(target.dir);
  const context = {
    reader: new ManifestReader(),
    views: viewsOver(ports),
    now: () => ports.clock.now(),
    cron: ports.cron,
    holds: new HoldMemory(),
  };
  const { clock } = ports;
  const writer = { checkout, clock, dryRun, commit, signerOf: keySigners(ports) };
  return updateCheckout(context, writer, input, signal);
}

async function updateRemote(
  ports: Ports,
  request: UpdateRequest,
  { target, input }: { target: RemoteTarget; input: PassRequest },
  signal: AbortSignal,
): Promise<CarriedOutPass> {
  const { resources, chooseAutomation } = input;
  const given = resources.automations.size === 0 ? undefined : chooseAutomation(resources);
  const access = await accessTo(target, given, ports, signal);
  const options = { dryRun: request.dryRun, signal };
  return onBranch(ports, access, options, ({ context, writer }) =>
    updateBranch(context, writer, input, signal),
  );
}
