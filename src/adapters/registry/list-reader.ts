import { AppError } from '../../domain/errors.ts';
import type { Call, HttpResponse } from './call.ts';
import { type LargeLists, SMALL_LIST_BYTES } from './large-lists.ts';
import { isPullable, type PageSource, parseTagPage, type TagPage } from './tag-page.ts';
import { ToldImages } from './told-images.ts';

/** Bounds on one list, far above what is known in the wild (about a million tags). */
const MAX_PAGES = 20_000;
const MAX_TAGS = 1_500_000;
const MAX_BYTES = 128 * 1024 * 1024;

/** Bound on one page, which is held as bytes, as text and as a list at once. Some registries send all tags in one. */
const MAX_PAGE_BYTES = 32 * 1024 * 1024;

/** Pages in a row without a new tag. Registries that filter after paging send a few; loops send no others. */
const MAX_BARREN_PAGES = 10;

/** Reads the pages of one tag list and keeps what they bring, within bounds. */
export class ListReader {
  readonly tags = new Set<string>();
  readonly told = new ToldImages();
  /** Did any page have a `Link`? Then its absence means the end. */
  linked = false;
  readonly #visited = new Set<string>();
  readonly #call: Call;
  readonly #source: PageSource;
  readonly #largeLists: LargeLists;
  #pages = 0;
  #bytes = 0;
  /** Pages in a row that brought no new tag. */
  #barren = 0;
  #endLarge: (() => void) | undefined;

  constructor(call: Call, source: PageSource, largeLists: LargeLists) {
    this.#call = call;
    this.#source = source;
    this.#largeLists = largeLists;
  }

  /** Did the last page bring nothing new? */
  get isBarren(): boolean {
    return this.#barren > 0;
  }

  /**
   * Reads a page. @throws AppError as the request does for the first page; for the others
   * `registry/incomplete`, since a list that broke off is no list, and `registry/too-large`
   */
  async page(url: URL): Promise<TagPage> {
    const page = await this.tryPage(url, () => false);
    if (page === undefined) throw incomplete(this.#call, 'a page is refused');
    return page;
  }

  /**
   * Reads a page that is asked for in a way the registry may not take.
   * @returns undefined when the answer says so
   */
  async tryPage(
    url: URL,
    isRefusal: (response: HttpResponse) => boolean,
  ): Promise<TagPage | undefined> {
    this.#checkBounds(url);
    this.#visited.add(url.href);
    try {
      const response = await this.#fetch(url);
      if (response.status === 200) return this.#keep(parseTagPage(url, response, this.#call));
      if (isRefusal(response)) return undefined;
      throw this.#source.errorFor(response);
    } catch (error) {
      throw this.#pages === 0 ? error : cutShort(this.#call, error);
    }
  }

  /** Lets the next large list be read. */
  close(): void {
    this.#endLarge?.();
    if (this.#bytes < SMALL_LIST_BYTES) this.#largeLists.wasSmall(this.#call);
  }

  /** What does not fit into a small list's share is read again when it is this list's turn. */
  async #fetch(url: URL) {
    const call = this.#call;
    if (this.#bytes >= SMALL_LIST_BYTES || this.#largeLists.expects(call))
      this.#endLarge ??= await this.#largeLists.begin(call);
    if (this.#endLarge === undefined) {
      try {
        return await this.#source.fetch(url, SMALL_LIST_BYTES - this.#bytes);
      } catch (error) {
        if (!(error instanceof AppError) || error.code !== 'registry/too-large') throw error;
        this.#endLarge = await this.#largeLists.begin(call);
      }
    }
    return this.#source.fetch(url, Math.min(MAX_PAGE_BYTES, MAX_BYTES - this.#bytes));
  }

  #keep(page: TagPage): TagPage {
    const before = this.tags.size;
    for (const tag of page.tags) if (isPullable(tag)) this.tags.add(tag);
    this.told.add(page.manifest);
    this.#bytes += page.bytes;
    this.#barren = this.tags.size === before ? this.#barren + 1 : 0;
    this.#pages += 1;
    this.linked ||= page.link !== undefined;
    return page;
  }

  #checkBounds(next: URL): void {
    const call = this.#call;
    if (this.#visited.has(next.href)) throw incomplete(call, 'its next-page links go in a circle');
    if (this.#barren > MAX_BARREN_PAGES) throw incomplete(call, 'its pages bring nothing new');
    if (this.tags.size > MAX_TAGS || this.#pages >= MAX_PAGES)
      throw new AppError(
        'registry/too-large',
        `${call.name}: the tag list has no end within ${MAX_TAGS} tags or ${MAX_PAGES} pages`,
      );
  }
}

/** The error for a list of which some tags may be missing. */
export function incomplete(call: Call, why: string): AppError {
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
