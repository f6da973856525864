import { vi } from 'vitest';
import { updateOnce } from '../../../src/app/update/update-once.ts';
import { reportOf } from '../../../src/app/update/update-report.ts';
import type { ToldImage } from '../../../src/ports/registry.ts';
import { digest } from '../../support/builders.ts';
import {
  FakeClock,
  MemoryBranch,
  memoryPorts,
  MemoryState,
  never,
  type Files,
  type Repositories,
} from '../../support/memory-ports.ts';
import { deploymentText, policyText, PODINFO } from '../../support/texts.ts';

export const HOUR = 60 * 60 * 1_000;
export const MINUTE = 60 * 1_000;
const REMOTE = {
  kind: 'remote',
  url: 'https://git.example.com/config.git',
  branch: 'main',
} as const;

export const at = (policy: string, tag: string) =>
  deploymentText(`${PODINFO}:${tag}`, { marker: `apps:${policy}` });

interface Start {
  readonly files?: Files;
  /** Lines of the spec of `apps/prod`. */
  readonly prod?: readonly string[];
  readonly staging?: readonly string[];
  readonly tags?: Repositories[string];
  /** Which of several automations runs. */
  readonly automation?: string;
  /** Does what a run saw outlive it? */
  readonly keeps?: boolean;
}

/** A repo in which `apps/prod` is promoted from `apps/staging`, and runs of `update` over it. */
export function promoting({
  files = {},
  prod = [],
  staging = [],
  tags,
  keeps = false,
  automation,
}: Start = {}) {
  const clock = new FakeClock('2026-06-02T12:00:00Z');
  const branch = new MemoryBranch({
    'staging.yaml': policyText('staging', PODINFO, ...staging),
    'prod.yaml': policyText('prod', PODINFO, 'promoteFrom: {policy: staging, soak: 1h}', ...prod),
    'staging/web.yaml': at('staging', '6.1.0'),
    'prod/web.yaml': at('prod', '6.1.0'),
    ...files,
  });
  const repositories = { [PODINFO]: tags ?? ['6.1.0', '6.2.0'] };
  const records = new MemoryState();
  const log = vi.spyOn(branch, 'log');
  let told: ReadonlyMap<string, ToldImage> = new Map();
  const run = async () => {
    const ports = memoryPorts({ branch, clock, repositories });
    ports.registry.told = told;
    const done = await updateOnce(
      { ...ports, records: keeps ? records : ports.records },
      {
        target: REMOTE,
        policies: [],
        update: {},
        dryRun: false,
        commit: false,
        ignoreWindows: false,
        ...(automation === undefined ? {} : { automation }),
      },
      never,
    );
    const of = (policy: string) =>
      done.pass.plan.decisions
        .filter((one) => one.policy === policy)
        .map(({ reason, message }) => `${reason}: ${message}`)
        .join('\n');
    return { ...done, prod: of('apps/prod'), report: reportOf(done) };
  };
  const tagIn = (path: string) => {
    const text = branch.current[path];
    return typeof text === 'string' ? /podinfo:(\S+)/.exec(text)?.[1] : undefined;
  };
  return {
    branch,
    log,
    clock,
    repositories,
    run,
    /** Tags of staging and of prod. */
    tags: () => ['staging/web.yaml', 'prod/web.yaml'].map(tagIn),
    /** The registry tells when images were built. */
    times: (built: Readonly<Record<string, string>>) => {
      const images = Object.entries(built).map(
        ([tag, time], index) =>
          [tag, { digest: digest(`${index}`), createdMs: Date.parse(time) }] as const,
      );
      told = new Map(images);
    },
    person: (changed: Files, time = clock.now()) => branch.commitByOther(changed, { time }),
  };
}
