import { z } from 'zod';

const text = z.string().max(2048).nullish();
const reference = z.object({ name: z.string().max(253) }).nullish();

/**
 * As much of the `spec` of Flux's GitRepository (`source.toolkit.fluxcd.io/v1`) as `spec.sourceRef` goes by. Flux's own
 * CRD has checked the rest. A member that is not set may be missing, null or empty.
 */
export const fluxGitRepositorySpecSchema = z.object({
  url: z.string().max(2048),
  ref: z.object({ branch: text, tag: text, semver: text, name: text, commit: text }).nullish(),
  secretRef: reference,
  proxySecretRef: reference,
  serviceAccountName: text,
  provider: text,
  suspend: z.boolean().nullish(),
});

/** A parsed `spec` of a Flux GitRepository. */
export type FluxGitRepositorySpec = z.output<typeof fluxGitRepositorySpecSchema>;
