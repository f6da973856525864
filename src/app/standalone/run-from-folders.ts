import type { ImageUpdateAutomation } from '../../api/image-update-automation.ts';
import { asAppError } from '../../domain/errors.ts';
import type { Resources } from '../../domain/resources/merge-resources.ts';
import type { Ports } from '../../ports/ports.ts';
import type { PushPorts } from '../../ports/push.ts';
import { Batches } from '../update/batches.ts';
import { BranchSessions } from '../update/branch-sessions.ts';
import { recordedBatches } from '../update/recorded-batches.ts';
import type { CrossNamespace } from '../access/policy-grants.ts';
import { gitAccess } from '../access/git-access.ts';
import type { PolicyViews } from '../scan/policy-views.ts';
import { viewsOver } from '../scan/recorded-memories.ts';
import { RepositoryScans } from '../scan/repository-scans.ts';
import { ResourceFolders } from '../read/resource-folders.ts';
import { Alarm } from './alarm.ts';
import { StandalonePushes } from './standalone-pushes.ts';
import { automationKey, runStandalone, type StandaloneEvent } from './run-standalone.ts';
import type { StopSignals } from '../stop-signals.ts';
import type { CarriedOutPass } from '../update/update-branch.ts';

/** What the controller without a cluster goes by. */
export interface FolderOptions {
  /** Folders or files with the resources; read again as they change. */
  readonly configPaths: readonly string[];
  readonly crossNamespace: CrossNamespace;
}

/** Runs the controller without a cluster until it is told to stop. */
export async function runFromFolders(
  ports: Ports & { readonly pushes?: PushPorts },
  { configPaths, crossNamespace }: FolderOptions,
  { signals, onEvent }: { signals: StopSignals; onEvent: (event: StandaloneEvent) => void },
): Promise<void> {
  const folders = new ResourceFolders(
    await Promise.all(configPaths.map((path) => ports.open.folder(path))),
  );
  const scans = new RepositoryScans(ports);
  const alarm = new Alarm();
  const views = viewsOver(ports, scans, {
    scope: 'all',
    crossNamespace,
    onChange: (policies) => alarm.ring(policies),
  });
  const batches = new Batches(recordedBatches(ports.records));
  const sessions = new BranchSessions(ports, views, batches);
  const pushes =
    ports.pushes &&
    new StandalonePushes({
      ...ports,
      pushes: ports.pushes,
      scans,
      alarm,
      stop: signals.stop,
      onEvent,
    });
  let endPushes: (() => void) | undefined;
  const loadResources = async (signal: AbortSignal) => {
    const resources = await folders.load(signal);
    await pushes?.load(resources, signal);
    endPushes ??= pushes?.begin();
    return resources;
  };
  const runPass = passRunner({ ports, sessions, views, crossNamespace, pushes, onEvent });
  try {
    await runStandalone(
      {
        clock: ports.clock,
        random: ports.random,
        scans,
        alarm,
        loadResources,
        runPass,
        onEvent,
      },
      signals,
    );
  } finally {
    endPushes?.();
    await sessions.close();
  }
}

/** What passes are run with. */
interface PassRunner {
  readonly ports: Ports;
  readonly sessions: BranchSessions;
  readonly views: PolicyViews;
  readonly crossNamespace: CrossNamespace;
  readonly pushes: StandalonePushes | undefined;
  readonly onEvent: (event: StandaloneEvent) => void;
}

function passRunner({ ports, sessions, views, crossNamespace, pushes, onEvent }: PassRunner) {
  return async (
    automation: ImageUpdateAutomation,
    resources: Resources,
    signal: AbortSignal,
  ): Promise<CarriedOutPass> => {
    const request = { resources, chooseAutomation: () => automation, crossNamespace };
    const onRetry = (reason: string) => onEvent({ kind: 'push-retry', automation, reason });
    const options = { dryRun: false, onRetry, signal };
    try {
      const access = await gitAccess(automation, ports.secrets, signal);
      const outcome = await sessions.update(access, request, options);
      pushes?.passed(automation, outcome);
      return outcome;
    } catch (error) {
      views.deployments.lost(automationKey(automation), asAppError(error).message);
      throw error;
    }
  };
}
