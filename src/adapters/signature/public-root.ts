import { DEFAULT_MIRROR_URL, getTrustedRoot } from '@sigstore/tuf';
import type { TrustedRoot } from '@sigstore/protobuf-specs';
import { AppError } from '../../domain/errors.ts';
import type { Clock } from '../../ports/ports.ts';

/** Keys are changed with notice of weeks; a day late is in time. */
const FRESH_MS = 24 * 60 * 60 * 1000;
/** For so long what was fetched still counts where it cannot be fetched anew: TUF's own metadata lives a week. */
const USABLE_MS = 7 * FRESH_MS;
/** Bound on one request; there are about ten. */
const REQUEST_TIMEOUT_MS = 10_000;
const RETRIES = 2;

/** Where the public root comes from. */
export interface PublicRootOptions {
  /** Folder for TUF's metadata. */
  readonly cacheDir: string;
  readonly clock: Clock;
  /** Another repository than the public one, and its first `root.json`. */
  readonly mirror?: { readonly url: string; readonly rootPath: string };
}

/**
 * The trusted root of the public Sigstore, by TUF (The Update Framework), kept for a day. One fetch
 * serves all who ask meanwhile.
 */
export function createPublicRoot(options: PublicRootOptions): () => Promise<TrustedRoot> {
  const { clock } = options;
  let kept: { readonly root: TrustedRoot; readonly at: number } | undefined;
  let inFlight: Promise<TrustedRoot> | undefined;
  const age = () => (kept === undefined ? Infinity : clock.now().getTime() - kept.at);

  async function fetchRoot(): Promise<TrustedRoot> {
    try {
      const root = await fetchByTuf(options);
      kept = { root, at: clock.now().getTime() };
      return root;
    } catch (error) {
      if (kept !== undefined && age() < USABLE_MS) return kept.root;
      throw unreachable(error, options.mirror?.url ?? DEFAULT_MIRROR_URL);
    } finally {
      inFlight = undefined;
    }
  }

  return async () =>
    kept !== undefined && age() < FRESH_MS ? kept.root : (inFlight ??= fetchRoot());
}

/** Always from the root that came with the program: what a disk holds is not trusted, only reused. */
function fetchByTuf({ cacheDir, mirror }: PublicRootOptions): Promise<TrustedRoot> {
  return getTrustedRoot({
    cachePath: cacheDir,
    forceInit: true,
    timeout: REQUEST_TIMEOUT_MS,
    retry: { retries: RETRIES },
    ...(mirror === undefined ? {} : { mirrorURL: mirror.url, rootPath: mirror.rootPath }),
  });
}

function unreachable(error: unknown, url: string): AppError {
  const code = systemCode(error);
  return new AppError(
    'signature/no-trusted-root',
    `cannot fetch Sigstore's trusted root from ${new URL(url).host}${code === undefined ? '' : ` (${code})`}; where there is no way to it, set verify.cosign.trustedRootSecretRef`,
    { cause: error, retry: true },
  );
}

/** The library wraps the failure of a connection once or twice. */
function systemCode(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code } = error as { code?: unknown };
  const inner = systemCode(error.cause);
  return inner ?? (typeof code === 'string' && /^[A-Z_]{3,40}$/.test(code) ? code : undefined);
}
