import { AppError } from '../../domain/errors.ts';
import type { Referrer } from '../../domain/signature/signature-manifests.ts';
import type { Call, HttpResponse } from './call.ts';
import { indexEntries, type FetchContent } from './content.ts';
import { badResponse } from './errors.ts';
import { nextLink, nextPageUrl } from './link-header.ts';

const INDEX = 'application/vnd.oci.image.index.v1+json';
const MAX_PAGES = 20;
const MAX_PAGE_BYTES = 4 * 1024 * 1024;

/** What a list of referrers says. */
export interface ListedReferrers {
  readonly referrers: readonly Referrer[];
  /** There are more than were read. */
  readonly isPartial: boolean;
}

/**
 * The referrers of an image by the registry's own list (OCI distribution-spec 1.1), page by page. It is
 * not asked to filter by type, so that neither a registry that does not filter (no
 * `OCI-Filters-Applied`) nor one that knows wrong types hides anything.
 * @returns none where the registry has no such list
 */
export async function readReferrers(
  digest: string,
  call: Call,
  fetch: FetchContent,
): Promise<ListedReferrers> {
  const referrers: Referrer[] = [];
  const visited = new Set<string>();
  let url: URL | undefined = new URL(`referrers/${digest}`, call.base);
  while (url !== undefined && visited.size < MAX_PAGES && !visited.has(url.href)) {
    const isFirst = visited.size === 0;
    visited.add(url.href);
    const request = { url, accept: INDEX, maxBytes: MAX_PAGE_BYTES, isOptional: isFirst };
    const response = await fetch(request);
    const entries = response && entriesIn(response, call);
    if (response === undefined || entries === undefined) {
      if (isFirst) return { referrers, isPartial: false };
      throw brokenOff(call);
    }
    referrers.push(...entries);
    const link = nextLink(response.header('link') ?? '');
    if (link === undefined) return { referrers, isPartial: false };
    url = nextPageUrl(url, link);
  }
  return { referrers, isPartial: true };
}

/** A page of another kind, such as a web page for everything that is not known, is no list. */
function entriesIn(response: HttpResponse, call: Call): readonly Referrer[] | undefined {
  const entries = indexEntries(response.body);
  const isMeant = response.header('content-type')?.startsWith(INDEX) === true;
  if (entries === undefined && isMeant)
    throw badResponse(call, `${response.url.host} gave a list of referrers that cannot be read`);
  return entries;
}

function brokenOff(call: Call): AppError {
  const text = `${call.name}: the list of referrers broke off between pages`;
  return new AppError('registry/incomplete', text, { retry: true });
}
