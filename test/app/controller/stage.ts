import type { ControllerEvent } from '../../../src/app/controller/context.ts';
import { runController, type ControllerOptions } from '../../../src/app/controller/controller.ts';
import { AppError } from '../../../src/domain/errors.ts';
import type { Clock } from '../../../src/ports/ports.ts';
import type { Registry } from '../../../src/ports/registry.ts';
import { MemoryCluster } from '../../support/memory-cluster.ts';
import {
  FakeClock,
  MemoryBranch,
  memoryPorts,
  settled,
  type Files,
  type Repositories,
} from '../../support/memory-ports.ts';
import type { MemoryForge } from '../../support/memory-forge.ts';
import type { MemoryPushes } from '../../support/memory-pushes.ts';
import { deploymentText, PODINFO } from '../../support/texts.ts';

export const GIT_URL = 'https://git.example.com/config.git';
export const POLICY = 'apps/podinfo';
export const AUTOMATION = 'apps/update';

export const POLICY_SPEC = { image: PODINFO, policy: { semver: { range: '>=0.0.0' } } };
export const AUTOMATION_SPEC = { git: { url: GIT_URL } };

/** What a test begins with. */
export interface Stage {
  readonly cluster?: MemoryCluster;
  /** Branches by URL, instead of the one at {@link GIT_URL}. */
  readonly branches?: Readonly<Record<string, MemoryBranch>>;
  readonly files?: Files;
  readonly repositories?: Repositories;
  readonly options?: Partial<ControllerOptions>;
  /** Where registries tell of pushes; without it, nowhere. */
  readonly pushes?: MemoryPushes;
  /** Where pull requests are opened; without it, nowhere. */
  readonly forge?: MemoryForge;
  /** A registry client instead of one over `repositories`. */
  readonly connect?: (clock: Clock) => Registry;
}

/** A controller over memory that has not been started. */
export function stage({
  cluster = new MemoryCluster(),
  files = { 'web.yaml': deploymentText() },
  repositories = { [PODINFO]: ['6.1.0', '6.2.0'] },
  branches,
  options = {},
  pushes,
  forge,
  connect,
}: Stage = {}) {
  const clock = new FakeClock('2026-06-01T12:00:00Z');
  const branch = new MemoryBranch(files);
  const byUrl = branches ?? { [GIT_URL]: branch };
  const memory = memoryPorts({
    clock,
    branch,
    repositories,
    ...(forge === undefined ? {} : { forge }),
  });
  const open = {
    ...memory.open,
    branch: async (...[access]: Parameters<typeof memory.open.branch>) => {
      memory.opened.push(access);
      const found = byUrl[access.url];
      if (found === undefined) throw new AppError('git/not-found', `there is no ${access.url}`);
      found.name = access.branch;
      return found;
    },
  };
  const registry = connect?.(clock) ?? memory.registry;
  const events: ControllerEvent[] = [];
  const [stop, abort] = [new AbortController(), new AbortController()];
  const start = async () => {
    const running = runController(
      { ...memory, registry, open, cluster, ...(pushes === undefined ? {} : { pushes }) },
      { scope: { namespaces: [] }, concurrency: 8, ...options },
      {
        signals: { stop: stop.signal, abort: abort.signal },
        onEvent: (event) => events.push(event),
      },
    );
    running.catch(() => undefined);
    await settled();
    return running;
  };
  return {
    cluster,
    clock,
    branch,
    registry: memory.registry,
    opened: memory.opened,
    stop,
    abort,
    start,
    /** Kinds of the events since the last call. */
    told: () => events.splice(0).map(({ kind }) => kind),
    events,
  };
}

/** A started controller over one policy, one automation and one repo. */
export async function started(given: Stage = {}) {
  const made = stage(given);
  made.cluster.apply('ImagePolicy', POLICY, POLICY_SPEC);
  made.cluster.apply('ImageUpdateAutomation', AUTOMATION, AUTOMATION_SPEC);
  const begun = { running: made.start() };
  await settled();
  return { ...made, ...begun };
}

/** The image in a file of a branch. */
export function imageIn({ current }: MemoryBranch, file = 'web.yaml'): string | undefined {
  const text = current[file];
  return typeof text === 'string' ? /image: (\S+)/.exec(text)?.[1] : undefined;
}
