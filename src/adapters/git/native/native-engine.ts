import type { Engine, Environment } from '../engine.ts';
import { localEnvironment } from './git-environment.ts';
import { runGit } from './git-process.ts';
import { NativeRemote } from './native-remote.ts';
import { NativeStore } from './native-store.ts';

/** The first version that reads settings from GIT_CONFIG_COUNT. */
const MIN_VERSION = [2, 31] as const;
const PROBE_TIMEOUT_MS = 20_000;

/** Is there a `git` program that is new enough? */
export async function hasNativeGit(ambient: Environment, signal: AbortSignal): Promise<boolean> {
  try {
    const result = await runGit({
      args: ['--version'],
      env: localEnvironment(ambient),
      signal,
      timeoutMs: PROBE_TIMEOUT_MS,
    });
    return result.code === 0 && isNewEnough(result.stdout.toString('utf8'));
  } catch (error) {
    if (signal.aborted) throw error;
    return false;
  }
}

/** Reads the output of `git --version`. */
export function isNewEnough(output: string): boolean {
  const [, major, minor] = /^git version (\d+)\.(\d+)/.exec(output) ?? [];
  if (major === undefined || minor === undefined) return false;
  const [wantedMajor, wantedMinor] = MIN_VERSION;
  return (
    Number(major) > wantedMajor || (Number(major) === wantedMajor && Number(minor) >= wantedMinor)
  );
}

/** Git by the native program: all transports, and repos of any size. */
export function nativeEngine(ambient: Environment): Engine {
  return {
    name: 'native',
    openStore: async (folder, signal) => {
      const store = await NativeStore.open(folder, ambient, signal);
      return {
        connect: (remote) => new NativeRemote(remote, store),
        close: () => store.close(),
      };
    },
  };
}
