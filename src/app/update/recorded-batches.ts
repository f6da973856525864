import { batchSince, keptBatch } from '../../domain/batch-window.ts';
import { readAutomationStatus } from '../../domain/status/automation-status.ts';
import type { StateFiles } from '../../ports/ports.ts';
import type { BatchSite, BatchStore } from './batches.ts';

/** Open batches as files, for use without a cluster: the same members as in `status`. */
export function recordedBatches(records: StateFiles): BatchStore {
  return {
    load: async (site) => batchSince(readAutomationStatus(await records.load(nameOf(site)))),
    save: (site, batch) =>
      records.save(nameOf(site), batch === undefined ? {} : { batch: keptBatch(batch) }),
  };
}

function nameOf({ automation, repo }: BatchSite): string {
  return `batch of ${automation} in ${repo}`;
}
