import type { ImageUpdateAutomation, UpdateStrategy } from '../../api/image-update-automation.ts';
import type { PolicyKey } from '../../domain/manifest/image-field.ts';
import type { Resources } from '../../domain/resources/merge-resources.ts';
import type { FileSource } from '../../ports/files.ts';
import type { CronTimes } from '../../ports/ports.ts';
import type { CrossNamespace } from '../access/policy-grants.ts';
import type { HoldMemory } from '../holds/hold-memory.ts';
import type { DeskOpener } from '../pull-requests/pull-request-desk.ts';
import type { ManifestReader } from '../read/manifest-reader.ts';
import type { OpenPast } from '../read/past.ts';
import type { PolicyViews } from '../scan/policy-views.ts';
import type { Batches } from './batches.ts';

/** What a pass works with; kept between passes, so that a further pass costs what changed. */
export interface PassContext {
  readonly reader: ManifestReader;
  readonly views: PolicyViews;
  readonly now: () => Date;
  readonly cron: CronTimes;
  readonly holds: HoldMemory;
  /** Where pull requests can be opened: on a remote branch. */
  readonly openDesk?: DeskOpener;
  /** Where changes may wait for more: in what runs for long. Without it `spec.batchWindow` does not count. */
  readonly batches?: Batches;
}

/** What one pass is about, whatever it works on. */
export interface PassRequest {
  /** Resources from elsewhere (`--policies`, `--config`); with policies among them, those in the source do not count. */
  readonly resources: Resources;
  /**
   * Policies of a cluster, usable or not. With it, the given resources are all there are, even where
   * that is none: what lies in the repo counts once it is applied, and not before.
   */
  readonly inCluster?: ReadonlySet<PolicyKey>;
  /**
   * Which automation says where and how to write, of all that there are. Without one, every policy
   * applies, everywhere.
   */
  readonly chooseAutomation: (resources: Resources) => ImageUpdateAutomation | undefined;
  /** Wins over `spec.update` of the automation. */
  readonly update?: UpdateScope;
  /** Default: other namespaces are known by name alone. */
  readonly crossNamespace?: CrossNamespace;
  /** The login of the repo is another namespace's; see `forge-access.ts`. */
  readonly isLoginLent?: boolean;
  /** A person asks: `spec.windows` of the automation do not count. */
  readonly ignoreWindows?: boolean;
}

/** A pass over files. */
export interface PassInput extends PassRequest {
  readonly source: FileSource;
  /** Commit of the source: the same revision holds the same files. */
  readonly revision?: string;
  /** Names the repo and branch of the source; absent for a folder. */
  readonly place?: string;
  /** What the source was before: what persons took back is left alone, and what has soaked is promoted. */
  readonly openPast: OpenPast;
}

/** Which fields a pass may touch. */
export interface UpdateScope {
  readonly strategy?: UpdateStrategy;
  /** Folders or files; none: everywhere. */
  readonly paths?: readonly string[];
}
