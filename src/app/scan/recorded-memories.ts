import type { ImagePolicy } from '../../api/image-policy.ts';
import { keptMemorySchema, keptMemory, readMemory } from '../../domain/gates/policy-memory.ts';
import { policyKey, writtenName } from '../../domain/plan/policy-view.ts';
import type { Ports, StateFiles } from '../../ports.ts';
import { ImageLibrary } from './image-library.ts';
import type { MemoryStore } from './policy-memories.ts';
import { SignatureChecks } from './gates/signature-checks.ts';
import { PolicyViews } from './policy-views.ts';
import { RepositoryScans } from './repository-scans.ts';

/** Views for use without a cluster. */
export function viewsOver(ports: Ports, scans: RepositoryScans = new RepositoryScans(ports)) {
  return new PolicyViews({
    scans,
    memory: recordedMemories(ports.records),
    library: new ImageLibrary(ports),
    secrets: ports.secrets,
    clock: ports.clock,
    signatures: new SignatureChecks(ports),
  });
}

/** Memories of policies as files, for use without a cluster: the same members as in `status`. */
function recordedMemories(records: StateFiles): MemoryStore {
  return {
    load: async (policy) => {
      const kept = keptMemorySchema.safeParse(await records.load(nameOf(policy)));
      return kept.success ? readMemory(kept.data, writtenName(policy)) : undefined;
    },
    save: (policy, memory) => records.save(nameOf(policy), keptMemory(memory, writtenName(policy))),
  };
}

/** Policies of the same name in other repos are about other images, as a rule. */
function nameOf(policy: ImagePolicy): string {
  return `policy ${policyKey(policy)} of ${policy.spec.image}`;
}
