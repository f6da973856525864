import { z } from 'zod';
import { eventFormat, imageNamed, type Format } from '../format.ts';

const ACTION = z.enum(['published', 'updated']);

const published = z.object({
  namespace: z.string(),
  name: z.string(),
  package_version: z
    .object({
      container_metadata: z
        .object({ tag: z.object({ name: z.string().nullish() }).nullish() })
        .nullish(),
    })
    .nullish(),
});

/** GHCR compares names without regard to case; image references have lower case only. */
const imagesOf = ({ namespace, name, package_version: version }: z.output<typeof published>) => [
  imageNamed(
    `ghcr.io/${namespace}/${name}`.toLowerCase(),
    version?.container_metadata?.tag?.name ?? '',
  ),
];

const isContainer = z.object({
  package_type: z.string().regex(/^(container|docker)$/i),
});

const packageEvent = eventFormat(
  z.object({ action: ACTION, package: isContainer }),
  z.object({ package: published }),
  (event) => imagesOf(event.package),
);

const registryPackageEvent = eventFormat(
  z.object({ action: ACTION, registry_package: isContainer }),
  z.object({ registry_package: published }),
  (event) => imagesOf(event.registry_package),
);

/**
 * GitHub Packages: events `package` and `registry_package`, which say the same under another name; both
 * come only from a repository or organisation that the package is linked to. `ping` and all others tell
 * of nothing.
 * @see https://docs.github.com/webhooks/webhook-events-and-payloads#package
 * @see https://docs.github.com/webhooks/webhook-events-and-payloads#registry_package
 */
export const github: Format = (body, headers) => {
  switch (headers['x-github-event']) {
    case 'package':
      return packageEvent(body, headers);
    case 'registry_package':
      return registryPackageEvent(body, headers);
    default:
      return { images: [] };
  }
};
