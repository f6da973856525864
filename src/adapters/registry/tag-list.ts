import { z } from 'zod';
import { AppError } from '../../domain/errors.ts';
import type { Call, HttpResponse } from './call.ts';
import { badResponse, parseJson } from './errors.ts';
import { nextLink, nextPageUrl } from './link-header.ts';

/** Tags asked for at once. ECR refuses more; the others give fewer when they want to. */
const PAGE_SIZE = 1000;

/** Bounds on one list, far above what is known in the wild (about a million tags). */
const MAX_PAGES = 20_000;
const MAX_TAGS = 2_000_000;
const MAX_BYTES = 128 * 1024 * 1024;

/** Bound on one page, which is held as bytes, as text and as a list at once. Some registries send all tags in one. */
const MAX_PAGE_BYTES = 32 * 1024 * 1024;

/** Pages in a row without a new tag. Registries that filter after paging send a few; loops send no others. */
const MAX_BARREN_PAGES = 10;

/** OCI distribution-spec, grammar of a tag. */
const TAG = /^\w[\w.-]{0,127}$/;

/** Checked by hand: zod would make a finding of each of the millions of items that a page may hold. */
const TagsPage = z.object({ tags: z.custom<readonly string[]>(isListOfTexts).nullish() });

function isListOfTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

/** How far a list has been read. */
interface Progress {
  readonly tags: Set<string>;
  readonly visited: Set<string>;
  bytes: number;
  /** Pages in a row that brought no new tag. */
  barren: number;
  /** Did any page have a `Link`? Then its absence means the end. */
  linked: boolean;
}

interface Page {
  readonly url: URL;
  readonly tags: readonly string[];
  readonly link: string | undefined;
}

/** One authorized GET of at most `maxBytes`; rejects for all but success. */
export type FetchPage = (url: URL, maxBytes: number) => Promise<HttpResponse>;

/**
 * Reads a tag list to its end: by `Link` where there is one, else by asking once more after a full
 * page, because some proxies cut a list off at the page size without saying so.
 *
 * Names that break the tag grammar are left out: nothing can be pulled by them, and they shall never
 * reach a manifest.
 * @throws AppError `registry/incomplete` when anything fails after the first page, `registry/too-large`
 */
export async function readTagList(call: Call, fetchPage: FetchPage): Promise<readonly string[]> {
  const progress = newProgress();
  let url: URL | undefined = new URL(`tags/list?n=${PAGE_SIZE}`, call.base);
  while (url !== undefined) {
    const page = await readPage(call, url, progress, fetchPage);
    const before = progress.tags.size;
    for (const tag of page.tags) if (TAG.test(tag)) progress.tags.add(tag);
    progress.barren = progress.tags.size === before ? progress.barren + 1 : 0;
    progress.linked ||= page.link !== undefined;
    url =
      page.link === undefined ? probeUrl(page, progress) : followLink(call, page.url, page.link);
    if (url !== undefined) checkBounds(call, url, progress);
  }
  return [...progress.tags];
}

function newProgress(): Progress {
  return { tags: new Set(), visited: new Set(), bytes: 0, barren: 0, linked: false };
}

async function readPage(
  call: Call,
  url: URL,
  progress: Progress,
  fetchPage: FetchPage,
): Promise<Page> {
  progress.visited.add(url.href);
  try {
    const response = await fetchPage(url, Math.min(MAX_PAGE_BYTES, MAX_BYTES - progress.bytes));
    progress.bytes += response.body.length;
    const parsed = TagsPage.safeParse(parseJson(response.body));
    if (!parsed.success) throw badResponse(call, notATagList(response));
    return { url, tags: parsed.data.tags ?? [], link: nextLink(response.header('link') ?? '') };
  } catch (error) {
    throw progress.visited.size === 1 ? error : cutShort(call, error);
  }
}

function notATagList(response: HttpResponse): string {
  const type = response.header('content-type') ?? 'no content type';
  return `${response.url.host} answered with ${type} that is not a tag list; is there a login page or a proxy between?`;
}

/** A registry that sends no `Link` may have cut a full page off. One that ignores `last` repeats itself. */
function probeUrl(page: Page, progress: Progress): URL | undefined {
  const last = page.tags.at(-1);
  const mayGoOn = !progress.linked && page.tags.length === PAGE_SIZE && progress.barren === 0;
  if (last === undefined || !mayGoOn) return undefined;
  const url = new URL(page.url);
  url.searchParams.set('last', last);
  return url;
}

function followLink(call: Call, page: URL, link: string): URL {
  const url = nextPageUrl(page, link);
  if (url === undefined) throw incomplete(call, 'its next-page link leads to another host');
  return url;
}

function checkBounds(call: Call, next: URL, progress: Progress): void {
  if (progress.visited.has(next.href)) throw incomplete(call, 'its next-page links go in a circle');
  if (progress.barren > MAX_BARREN_PAGES) throw incomplete(call, 'its pages bring nothing new');
  if (progress.tags.size > MAX_TAGS || progress.visited.size >= MAX_PAGES)
    throw new AppError(
      'registry/too-large',
      `${call.name}: the tag list has no end within ${MAX_TAGS} tags or ${MAX_PAGES} pages`,
    );
}

function incomplete(call: Call, why: string): AppError {
  return new AppError(
    'registry/incomplete',
    `${call.name}: the tag list cannot be read to its end: ${why}`,
  );
}

/** A list that broke off is no list: the newest tag may be on the part that is missing. */
function cutShort(call: Call, error: unknown): unknown {
  if (!(error instanceof AppError)) return error;
  if (error.code === 'cancelled' || error.code === 'registry/too-large') return error;
  const reason = error.message.replace(`${call.name}: `, '');
  return new AppError(
    'registry/incomplete',
    `${call.name}: the tag list broke off between pages: ${reason}`,
    {
      cause: error,
      retry: error.retry,
      ...(error.afterMs === undefined ? {} : { afterMs: error.afterMs }),
    },
  );
}
