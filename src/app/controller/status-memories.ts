import { readMemory, underOtherRules } from '../../domain/gates/policy-memory.ts';
import { policyKey, writtenName } from '../../domain/plan/policy-view.ts';
import { readPolicyStatus } from '../../domain/status/policy-status.ts';
import type { MemoryStore } from '../scan/policy-memories.ts';
import type { ClusterObjects } from './objects.ts';

/** Memories of policies in their own status, where every look is told anyway. */
export function statusMemories(objects: ClusterObjects): MemoryStore {
  return {
    load: async (policy) => {
      const known = objects.get('ImagePolicy', policyKey(policy));
      if (known === undefined) return undefined;
      const status = readPolicyStatus(objects.statusOf(known));
      const memory = readMemory(status, writtenName(policy));
      const isSameSpec = status.observedGeneration === known.object.generation;
      return memory === undefined || isSameSpec ? memory : underOtherRules(memory);
    },
    save: async () => undefined,
  };
}
