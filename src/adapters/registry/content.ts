import { z } from 'zod';
import type { Layer, Referrer } from '../../domain/signature/signature-manifests.ts';
import { parseJson } from '../../domain/parse-json.ts';
import type { Clock } from '../../ports/ports.ts';
import type { Authorizer } from './authorizer.ts';
import type { Call, HttpResponse } from './call.ts';
import { DIGEST, digestOf } from './digest.ts';
import { badResponse, statusError } from './errors.ts';

/** One authorized GET. Answers with undefined where there is no such thing, and rejects for all else but success. */
export type FetchContent = (request: {
  readonly url: URL;
  readonly accept: string;
  readonly maxBytes: number;
  /** Older registries do not know such URLs, and say so in other ways than 404. */
  readonly isOptional?: boolean;
}) => Promise<HttpResponse | undefined>;

/** What registries say of a URL whose like they do not know. */
const UNKNOWN: ReadonlySet<number> = new Set([400, 405, 406, 501]);

/** Fetches content in a call. */
export function contentFetcher(authorizer: Authorizer, call: Call, clock: Clock): FetchContent {
  return async ({ url, accept, maxBytes, isOptional }) => {
    const request = { method: 'GET', url, headers: { accept }, maxBytes } as const;
    const response = await authorizer.send(request, call);
    const { status } = response;
    if (status === 404 || (isOptional === true && UNKNOWN.has(status))) return undefined;
    if (status !== 200) throw statusError(response, call, clock.now());
    return response;
  };
}

const annotations = z
  .record(z.string(), z.string())
  .nullish()
  .transform((value) => value ?? {});

const Descriptor = z.object({
  mediaType: z.string(),
  digest: z.string(),
  size: z.int().min(0),
  artifactType: z.string().nullish(),
  annotations,
});

const Index = z.object({ manifests: z.array(Descriptor) });
const Manifest = z.object({ layers: z.array(Descriptor) });

/** Entries of an image index; undefined where the body is none. What no known digest names is left out. */
export function indexEntries(body: Buffer): readonly Referrer[] | undefined {
  const index = Index.safeParse(parseJson(body.toString())).data;
  return index?.manifests.filter(hasKnownDigest).map((entry) => ({
    digest: entry.digest,
    artifactType: entry.artifactType ?? undefined,
    annotations: entry.annotations,
  }));
}

/** Layers of an image manifest; undefined where the body is none. What no known digest names is left out. */
export function manifestLayers(body: Buffer): readonly Layer[] | undefined {
  return Manifest.safeParse(parseJson(body.toString())).data?.layers.filter(hasKnownDigest);
}

function hasKnownDigest({ digest }: { readonly digest: string }): boolean {
  return DIGEST.test(digest);
}

/** @throws AppError `registry/bad-response` for content that is not what its digest says */
export function checkContent({ body, url }: HttpResponse, digest: string, call: Call): Buffer {
  if (digestOf(body, digest) === digest) return body;
  throw badResponse(call, `${url.host} gave other content than that of ${digest}`);
}
