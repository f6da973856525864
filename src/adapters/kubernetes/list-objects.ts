import { AppError } from '../../domain/errors.ts';
import type { ClusterContext } from './context.ts';
import { listPage, rawObject, type RawObject } from './raw-object.ts';
import type { Resource } from './resource.ts';

/** Objects of one list request; the server's memory is spared as well as ours. */
const PAGE_SIZE = 500;

/** How often a list may begin anew because the server forgot it between two pages. */
const MAX_ATTEMPTS = 3;

/** Which objects of a resource. */
export interface Selection {
  readonly resource: Resource;
  /** Absent: all namespaces. */
  readonly namespace?: string;
  readonly labelSelector?: string;
}

/**
 * Lists everything, page by page.
 * @param found told of every object; twice, if the list had to begin anew
 * @returns where a watch may go on
 */
export async function listObjects(
  { client, timing }: ClusterContext,
  selection: Selection,
  found: (object: RawObject) => void,
  signal: AbortSignal,
): Promise<string> {
  const { labelSelector, ...place } = selection;
  let token: string | undefined;
  for (let attempts = 1; ;) {
    const query = {
      limit: String(PAGE_SIZE),
      ...(labelSelector === undefined ? {} : { labelSelector }),
      ...(token === undefined ? {} : { continue: token }),
    };
    const request = { verb: 'list', ...place, query } as const;
    const options = { signal, timeoutMs: timing.requestMs, expect: [410] };
    const { status, body } = await client.call(request, options);
    if (status === 410) {
      if (attempts >= MAX_ATTEMPTS) throw forgotten(selection);
      attempts += 1;
      token = undefined;
      continue;
    }
    const page = listPage(body);
    for (const item of page.items ?? []) found(rawObject(item));
    token = page.metadata.continue;
    if (token === undefined || token === '') return page.metadata.resourceVersion;
  }
}

function forgotten({ resource }: Selection): AppError {
  const text = `listing ${resource.plural} takes longer than the API server remembers`;
  return new AppError('cluster/unreachable', text, { retry: true });
}
