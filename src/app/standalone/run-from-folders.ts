import type { ImageUpdateAutomation } from '../../api/image-update-automation.ts';
import type { Resources } from '../../domain/resources/merge-resources.ts';
import type { Ports } from '../../ports/ports.ts';
import type { PushPorts } from '../../ports/push.ts';
import { BranchSessions } from '../update/branch-sessions.ts';
import type { CrossNamespace } from '../access/foreign-policies.ts';
import { gitAccess } from '../access/git-access.ts';
import { viewsOver } from '../scan/recorded-memories.ts';
import { RepositoryScans } from '../scan/repository-scans.ts';
import { ResourceFolders } from '../read/resource-folders.ts';
import { Alarm } from './alarm.ts';
import { StandalonePushes } from './standalone-pushes.ts';
import { runStandalone, type StandaloneEvent } from './run-standalone.ts';
import type { StopSignals } from '../stop-signals.ts';

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
  const sessions = new BranchSessions(ports, viewsOver(ports, scans));
  const alarm = new Alarm();
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
  const runPass = async (
    automation: ImageUpdateAutomation,
    resources: Resources,
    signal: AbortSignal,
  ) => {
    const access = await gitAccess(automation, ports.secrets, signal);
    const request = { resources, chooseAutomation: () => automation, crossNamespace };
    const onRetry = (reason: string) => onEvent({ kind: 'push-retry', automation, reason });
    const options = { dryRun: false, onRetry, signal };
    const outcome = await sessions.update(access, request, options);
    pushes?.passed(automation, outcome);
    return outcome;
  };
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
