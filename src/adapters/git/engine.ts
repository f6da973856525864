import type { GitBranch } from '../../ports.ts';
import type { Remote } from './remote.ts';
import type { StoreFolder } from './store-folder.ts';

/** Variables of a process, as in `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** A way to speak Git: the native program, or isomorphic-git inside this process. */
export interface Engine {
  readonly name: 'native' | 'isomorphic';
  /** Opens the store of one remote in a folder that this process holds. */
  openStore(folder: StoreFolder, signal: AbortSignal): Promise<EngineStore>;
}

/** The objects of one remote, shared by its branches. */
export interface EngineStore {
  /** @param onClose called when the branch is closed */
  branch(remote: Remote, onClose: () => Promise<void>): GitBranch;
  /** Ends helper processes and gives the folder back. */
  close(): Promise<void>;
}
