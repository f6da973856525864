import { BranchSessions } from '../../src/app/update/branch-sessions.ts';
import { viewsOver } from '../../src/app/scan/recorded-memories.ts';
import { compose } from '../../src/compose/ports.ts';
import type { Config } from '../../src/config.ts';
import { NO_RESOURCES } from '../../src/domain/resources/merge-resources.ts';

/** A signal that never fires. */
export const NEVER: AbortSignal = new AbortController().signal;

/** Settings of a process of its own. */
export function benchConfig(cacheDir: string, gitEngine: 'native' | 'isomorphic'): Config {
  return {
    cacheDir,
    gitEngine,
    dockerConfigDir: cacheDir,
    pod: {},
    proxies: { exceptions: '' },
    env: { PATH: process.env['PATH'], HOME: '/nonexistent', GIT_CONFIG_NOSYSTEM: '1' },
  };
}

/** The controller's work on one branch, as `run` does it again and again, without its waiting. */
export interface Controller {
  /** One pass. @returns number of changed files */
  pass(): Promise<number>;
  /** Lets so much time go by that every scan is due. */
  makeScansDue(): void;
  close(): Promise<void>;
}

/** Opens a controller for the branch `main` of a repo that holds its own policies. */
export async function openController(url: string, config: Config): Promise<Controller> {
  const ports = await compose(config);
  let aheadMs = 0;
  const clock = { ...ports.clock, now: () => new Date(Date.now() + aheadMs) };
  const timed = { ...ports, clock };
  const sessions = new BranchSessions(timed, viewsOver(timed));
  const request = { resources: NO_RESOURCES, chooseAutomation: () => undefined };
  return {
    pass: async () => {
      const options = { dryRun: false, signal: NEVER };
      const { pass } = await sessions.update({ url, branch: 'main' }, request, options);
      return pass.edits.length;
    },
    makeScansDue: () => {
      aheadMs += 3_600_000;
    },
    close: async () => {
      await sessions.close();
      await ports.close();
    },
  };
}
