import { z } from 'zod';
import { faultOf, imageAt, type Format } from '../format.ts';

/** A registry bundles events that it could not send before. */
const MAX_EVENTS = 10_000;

const envelope = z.object({
  events: z
    .array(
      z.object({
        action: z.string(),
        target: z
          .object({
            mediaType: z.string().optional(),
            repository: z.string().optional(),
            tag: z.string().optional(),
          })
          .optional(),
      }),
    )
    .max(MAX_EVENTS),
});

/**
 * Notifications of the distribution registry, and of GitLab's, which is a kind of it: several events in
 * one envelope, of pulls and of layers too. The host that an event names is the one by which its client
 * called the registry, so it does not count.
 * @see https://distribution.github.io/distribution/about/notifications/
 * @see https://docs.gitlab.com/administration/packages/container_registry/#configure-container-registry-notifications
 */
export const distribution: Format = (body) => {
  const { data, error } = envelope.safeParse(body);
  if (error !== undefined) return { fault: faultOf(error) };
  return {
    images: data.events.flatMap(({ action, target }) =>
      action === 'push' && target?.repository !== undefined && isManifest(target.mediaType)
        ? [imageAt(target.repository, target.tag ?? '')]
        : [],
    ),
  };
};

/** Manifests and indexes, as opposed to layers. */
function isManifest(mediaType = ''): boolean {
  return /\b(manifest|index)\b.*\+json$/.test(mediaType);
}
