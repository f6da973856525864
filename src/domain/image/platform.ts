/** What an image runs on, as indexes and image configs write it (OCI image-spec). */
export interface Platform {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string | undefined;
}

/** Other names of architectures, and the variant that each stands for. */
const ALIASES: ReadonlyMap<string, readonly [architecture: string, variant?: string]> = new Map([
  ['x86_64', ['amd64']],
  ['x86-64', ['amd64']],
  ['aarch64', ['arm64']],
  ['i386', ['386']],
  ['armhf', ['arm', 'v7']],
  ['armel', ['arm', 'v6']],
]);

/** The variant that is meant where none is written (containerd's rules); it is left out. */
const DEFAULT_VARIANTS: ReadonlyMap<string, string> = new Map([
  ['amd64', 'v1'],
  ['arm64', 'v8'],
  ['arm', 'v7'],
]);

/**
 * One spelling for each platform, `os/arch` or `os/arch/variant`: `linux/arm64` for `linux/arm64/v8` and
 * `linux/aarch64`, `linux/arm` for `linux/arm/v7`. Platforms match when these are equal: an image for
 * `linux/amd64/v2` does not serve `linux/amd64`, for it may not run on every such machine.
 */
export function platformText({ os, architecture, variant }: Platform): string {
  const name = architecture.toLowerCase();
  const [known, ofAlias] = ALIASES.get(name) ?? [name];
  const written = (variant || ofAlias)?.toLowerCase().replace(/^(?=[0-9])/, 'v');
  const parts = [os.toLowerCase(), known];
  if (written !== undefined && written !== DEFAULT_VARIANTS.get(known)) parts.push(written);
  return parts.join('/');
}

/** The same of a platform as a policy writes it. */
export function normalPlatform(text: string): string {
  const [os = '', architecture = '', variant] = text.split('/');
  return platformText({ os, architecture, variant });
}

/** Is it a platform at all? Attestations stand in an index as `unknown/unknown` (BuildKit). */
export function isRunnable(platform: Platform | undefined): platform is Platform {
  return (
    platform !== undefined && !(platform.os === 'unknown' || platform.architecture === 'unknown')
  );
}
