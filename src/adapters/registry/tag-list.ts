import type { Clock } from '../../ports/ports.ts';
import type { TagList } from '../../ports/registry.ts';
import type { Authorizer } from './authorizer.ts';
import { BoundedMap } from './bounded-map.ts';
import type { Call, HttpResponse } from './call.ts';
import { reportedCode, statusError } from './errors.ts';
import type { HostProfile } from './known-registries.ts';
import { createLargeLists } from './large-lists.ts';
import { nextPageUrl } from './link-header.ts';
import { ListEnd } from './list-end.ts';
import { incomplete, ListReader } from './list-reader.ts';
import type { PageSource, TagPage } from './tag-page.ts';

/** Tags asked for at once. ECR refuses more; some refuse this many too, and one is asked without. */
const PAGE_SIZES = [1000, 100, undefined] as const;

/** Hosts whose page size is remembered. */
const MAX_HOSTS = 1_000;

/** What reading lists needs from outside. */
export interface TagListOptions {
  readonly clock: Clock;
  readonly profileOf: (host: string) => HostProfile;
}

/**
 * Reads a repository's tags to the end: by `Link` where there is one, else as {@link ListEnd} says.
 *
 * Names that break the tag grammar are left out: nothing can be pulled by them, and they shall never
 * reach a manifest.
 * @throws AppError `registry/incomplete` when anything fails after the first page, `registry/too-large`
 */
export type ReadTagList = (call: Call) => Promise<TagList>;

/** Lists of one client: they share the memory of how large pages may be, and the bound on memory. */
export function createTagLists(authorizer: Authorizer, options: TagListOptions): ReadTagList {
  const { clock, profileOf } = options;
  const largeLists = createLargeLists();
  /** Index of the page size that a host took. */
  const sizes = new BoundedMap<string, number>(MAX_HOSTS);

  const sourceFor = (call: Call): PageSource => ({
    fetch: (url, maxBytes) =>
      authorizer.send(
        { method: 'GET', url, headers: { accept: 'application/json' }, maxBytes },
        call,
      ),
    errorFor: (response) => statusError(response, call, clock.now()),
  });

  async function firstPage(reader: ListReader, { base }: Call): Promise<TagPage> {
    for (let index = sizes.get(base.host) ?? 0; ; index += 1) {
      const url = firstUrl(base, PAGE_SIZES[index]);
      const isLast = index >= PAGE_SIZES.length - 1;
      const page = isLast ? await reader.page(url) : await reader.tryPage(url, isSizeRefused);
      if (page === undefined) continue;
      if (index > 0) sizes.set(base.host, index);
      return page;
    }
  }

  return async (call) => {
    const reader = new ListReader(call, sourceFor(call), largeLists);
    const end = new ListEnd(call, reader);
    const { alwaysLinks } = profileOf(call.base.host);
    try {
      let page: TagPage | undefined = await firstPage(reader, call);
      while (page !== undefined) {
        if (page.link !== undefined)
          page = await reader.page(followLink(call, page.url, page.link));
        else if (alwaysLinks || reader.linked) page = undefined;
        else page = await end.next(page);
      }
      return { tags: [...reader.tags], told: reader.told.of(reader.tags) };
    } finally {
      reader.close();
    }
  };
}

/** ECR says 405, distribution 400 with a code; a 400 without one has other reasons. */
function isSizeRefused(response: HttpResponse): boolean {
  const { status } = response;
  return status === 405 || (status === 400 && reportedCode(response) !== undefined);
}

function firstUrl(base: URL, size: number | undefined): URL {
  return new URL(size === undefined ? 'tags/list' : `tags/list?n=${size}`, base);
}

function followLink(call: Call, page: URL, link: string): URL {
  const url = nextPageUrl(page, link);
  if (url === undefined) throw incomplete(call, 'its next-page link leads to another host');
  return url;
}
