import { z } from 'zod';
import { eventFormat, imageAt } from '../format.ts';

/**
 * Event `package` of Gitea and Forgejo: a container image is `owner/name`, where the name may have
 * further parts, and the version is the tag, or the digest of a platform's manifest.
 * @see https://docs.gitea.com/usage/webhooks and `modules/structs/hook.go` (PackagePayload)
 */
export const gitea = eventFormat(
  z.object({ action: z.literal('created'), package: z.object({ type: z.literal('container') }) }),
  z.object({
    package: z.object({
      owner: z.object({ login: z.string() }),
      name: z.string(),
      version: z.string(),
    }),
  }),
  ({ package: { owner, name, version } }) => [
    imageAt(`${owner.login}/${name}`.toLowerCase(), version),
  ],
);
