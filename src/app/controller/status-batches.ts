import { batchSince } from '../../domain/batch-window.ts';
import { readAutomationStatus } from '../../domain/status/automation-status.ts';
import type { BatchStore } from '../update/batches.ts';
import type { ClusterObjects } from './objects.ts';

/** Open batches in the status of their automations, where every pass is told anyway. */
export function statusBatches(objects: ClusterObjects): BatchStore {
  return {
    load: async ({ automation }) => {
      const known = objects.get('ImageUpdateAutomation', automation);
      return known && batchSince(readAutomationStatus(objects.statusOf(known)));
    },
    save: async () => undefined,
  };
}
