import type { Call, HttpResponse } from './call.ts';
import { incomplete, type ListReader } from './list-reader.ts';
import { isSorted, type TagPage } from './tag-page.ts';

/** Sizes to ask for when a page is as long as asked for and no `last` leads on. */
const WIDER = [10_000, 100_000, 1_000_000] as const;

/** A registry that cuts lists off at a size of its own takes a round number for it. */
const ROUND = 100;

/** Statuses by which registries say that they do not take a question. */
const REFUSALS: ReadonlySet<number> = new Set([400, 404, 405, 416, 422, 501]);

/** What a registry says of the tags after the last one of a page. */
type After =
  | { readonly kind: 'page'; readonly page: TagPage }
  | { readonly kind: 'nothing' }
  /** There is more, but not all of it comes that way. */
  | { readonly kind: 'gap' }
  /** It does not take `last`, or ignores it. */
  | { readonly kind: 'unknown' };

/**
 * Finds out whether a page without a link is the last one. Some proxies cut a list off at the page
 * size without saying so (Nexus), some registries at a size of their own.
 *
 * A page shorter than was asked for, and of no round length, is the end; so is one that is longer, by a
 * registry that knows no pages. After a full page, the registry is asked
 * 1. what comes after its last tag: nothing, or the next page;
 * 2. where that leads nowhere, for a longer page, until one is not full;
 * 3. when that brings no more, for a page of one tag: a registry that sends all of them knows no pages
 *    and has sent all the others before.
 *
 * After a shorter page of round length, question 1 alone is asked, and no answer is an answer.
 * @throws AppError `registry/incomplete` when nothing proves the end
 */
export class ListEnd {
  readonly #call: Call;
  readonly #reader: ListReader;
  /** Length of a page that was not the last one: others of this length may not be either. */
  #cut: number | undefined;

  constructor(call: Call, reader: ListReader) {
    this.#call = call;
    this.#reader = reader;
  }

  /** The page that follows one without a link, already read; undefined at the end. */
  async next(page: TagPage): Promise<TagPage | undefined> {
    const asked = sizeAskedFor(page);
    const { length } = page.tags;
    const isFull = length === asked || length === this.#cut;
    const isRound = length % ROUND === 0 && this.#cut === undefined;
    if (length === 0 || length > (asked ?? Number.POSITIVE_INFINITY)) return undefined;
    if (!isFull && !isRound) return undefined;
    const after = await this.#after(page);
    if (after.kind === 'page') return after.page;
    if (after.kind === 'gap' || (after.kind === 'unknown' && isFull)) return this.#widen(page);
    return undefined;
  }

  /**
   * Asks what comes after a page's last tag. A registry that takes `last` for a place in the alphabet
   * leaves out, of an unsorted list, what is before it there; one that takes it for a place in its own
   * list does not, and gives itself away by tags that come before in the alphabet, or by their absence.
   */
  async #after(page: TagPage): Promise<After> {
    const last = page.tags.at(-1) ?? '';
    const url = new URL(page.url);
    url.searchParams.set('last', last);
    const next = await this.#reader.tryPage(url, isRefused);
    if (next === undefined) return { kind: 'unknown' };
    if (next.tags.length === 0 && next.link === undefined) {
      const isProof = isSorted(page) || page.tags.some((tag) => tag > last);
      return { kind: isProof ? 'nothing' : 'unknown' };
    }
    if (this.#reader.isBarren) return { kind: 'unknown' };
    if (!isSorted(page) && next.tags.every((tag) => tag > last)) return { kind: 'gap' };
    this.#cut = page.tags.length;
    return { kind: 'page', page: next };
  }

  async #widen(page: TagPage): Promise<TagPage | undefined> {
    for (const size of WIDER) {
      const wider = await this.#reader.tryPage(withSize(page, size), isRefused);
      if (wider?.link !== undefined) return wider;
      if (wider === undefined || this.#reader.isBarren) return this.#askForOne(page);
      if (wider.tags.length !== size) return undefined;
    }
    throw incomplete(this.#call, 'it has no end');
  }

  async #askForOne(page: TagPage): Promise<undefined> {
    const one = await this.#reader.tryPage(withSize(page, 1), isRefused);
    if (one !== undefined && one.tags.length > 1) return undefined;
    const { size } = this.#reader.tags;
    throw incomplete(this.#call, `it seems to be cut off at ${size} tags, without a link to more`);
  }
}

function isRefused({ status }: HttpResponse): boolean {
  return REFUSALS.has(status);
}

function sizeAskedFor({ url }: TagPage): number | undefined {
  const size = url.searchParams.get('n');
  return size === null ? undefined : Number(size);
}

function withSize({ url }: TagPage, size: number): URL {
  const wider = new URL(url);
  wider.searchParams.delete('last');
  wider.searchParams.set('n', String(size));
  return wider;
}
