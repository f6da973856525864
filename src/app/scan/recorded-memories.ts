import type { ImagePolicy } from '../../api/image-policy.ts';
import {
  keptMemory,
  keptMemorySchema,
  readMemory,
  underOtherRules,
  type KeptMemory,
  type PolicyMemory,
} from '../../domain/gates/policy-memory.ts';
import { policyKey, writtenName } from '../../domain/plan/policy-view.ts';
import type { Ports, StateFiles } from '../../ports/ports.ts';
import { Deployments, type DeploymentOptions } from '../promotion/deployments.ts';
import { recordedSites } from '../promotion/site-store.ts';
import { ImageLibrary } from './image-library.ts';
import { rulesOf, type MemoryStore } from './policy-memories.ts';
import { SignatureChecks } from './gates/signature-checks.ts';
import { PolicyViews } from './policy-views.ts';
import { RepositoryScans } from './repository-scans.ts';

/** Views for use without a cluster. @param watching by default, what was looked at is all there is */
export function viewsOver(
  ports: Ports,
  scans: RepositoryScans = new RepositoryScans(ports),
  watching: Partial<DeploymentOptions> = {},
) {
  return new PolicyViews({
    scans,
    memory: recordedMemories(ports.records),
    library: new ImageLibrary(ports),
    secrets: ports.secrets,
    clouds: ports.clouds,
    clock: ports.clock,
    signatures: new SignatureChecks(ports),
    deployments: new Deployments({
      store: recordedSites(ports.records),
      scope: 'looked-at',
      ...watching,
    }),
  });
}

/** Memories of policies as files, for use without a cluster: the same members as in `status`. */
function recordedMemories(records: StateFiles): MemoryStore {
  return {
    load: async (policy) => {
      const record = (await records.load(nameOf(policy))) as Partial<PolicyRecord> | undefined;
      const read = (kept: unknown) => {
        const parsed = keptMemorySchema.safeParse(kept);
        return parsed.success ? readMemory(parsed.data, writtenName(policy)) : undefined;
      };
      const memory = read(record?.memory);
      if (memory === undefined || record?.rules !== rulesOf(policy)) {
        return memory && underOtherRules(memory);
      }
      const { chosen, list } = read(record.doubt) ?? {};
      if (list === undefined) return memory;
      return { ...memory, doubt: { list, ...(chosen === undefined ? {} : { chosen }) } };
    },
    save: (policy, memory) => {
      const keep = (of: Omit<PolicyMemory, 'sightings'>) =>
        keptMemory({ sightings: [], ...of }, writtenName(policy));
      const record: PolicyRecord = {
        rules: rulesOf(policy),
        memory: keep(memory),
        ...(memory.doubt === undefined ? {} : { doubt: keep(memory.doubt) }),
      };
      return records.save(nameOf(policy), record);
    },
  };
}

/** What a file holds of a policy. */
interface PolicyRecord {
  /** The rules that the rest was found by. */
  readonly rules: string;
  readonly memory: KeptMemory;
  readonly doubt?: KeptMemory;
}

/** Policies of the same name in other repos are about other images, as a rule. */
function nameOf(policy: ImagePolicy): string {
  return `policy ${policyKey(policy)} of ${policy.spec.image}`;
}
