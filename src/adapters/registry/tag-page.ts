import { z } from 'zod';
import type { AppError } from '../../domain/errors.ts';
import { parseJson } from '../../domain/parse-json.ts';
import type { Call, HttpResponse } from './call.ts';
import { badResponse } from './errors.ts';
import { nextLink } from './link-header.ts';

/** OCI distribution-spec, grammar of a tag. */
const TAG = /^\w[\w.-]{0,127}$/;

/** Checked by hand: zod would make a finding of each of the millions of items that a page may hold. */
const Body = z.object({
  tags: z.custom<readonly string[]>(isListOfTexts).nullish(),
  manifest: z.unknown().optional(),
});

/** Is it a list of strings, and nothing else? */
export function isListOfTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

/** One page of a tag list. */
export interface TagPage {
  readonly url: URL;
  /** As sent; some may be no tags. */
  readonly tags: readonly string[];
  /** What Google's registries tell besides, unchecked. */
  readonly manifest: unknown;
  /** Target of the link to the next page, as written. */
  readonly link: string | undefined;
  readonly bytes: number;
}

/** Reads pages of one repository's tag list. */
export interface PageSource {
  /** One authorized GET of at most `maxBytes`, whatever its status. @throws AppError */
  readonly fetch: (url: URL, maxBytes: number) => Promise<HttpResponse>;
  /** What an answer without success means. */
  readonly errorFor: (response: HttpResponse) => AppError;
}

/** The page of a successful answer. @throws AppError `registry/bad-response` */
export function parseTagPage(url: URL, response: HttpResponse, call: Call): TagPage {
  const parsed = Body.safeParse(parseJson(response.body.toString()));
  if (!parsed.success) throw badResponse(call, notATagList(response));
  return {
    url,
    tags: parsed.data.tags ?? [],
    manifest: parsed.data.manifest,
    link: nextLink(response.header('link') ?? ''),
    bytes: response.body.length,
  };
}

/** Can it be pulled by this name? What cannot shall never reach a manifest. */
export function isPullable(tag: string): boolean {
  return TAG.test(tag);
}

/** Is the page in lexical order, as the distribution-spec wants it and many registries do not give it? */
export function isSorted({ tags }: TagPage): boolean {
  return tags.every((tag, index) => index === 0 || (tags[index - 1] ?? '') < tag);
}

function notATagList(response: HttpResponse): string {
  const type = response.header('content-type') ?? 'no content type';
  return `${response.url.host} answered with ${type} that is not a tag list; is there a login page or a proxy between?`;
}
