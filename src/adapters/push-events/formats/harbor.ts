import { z } from 'zod';
import { eventFormat, imageAt, type Format } from '../format.ts';

/** What both forms say of the artifact. Harbor puts the digest where there is no tag. */
const artifact = z.object({
  resources: z.array(z.object({ tag: z.string().optional() })).max(1000),
  repository: z.object({ repo_full_name: z.string() }),
});

const imagesOf = ({ resources, repository }: z.output<typeof artifact>) =>
  resources.map(({ tag }) => imageAt(repository.repo_full_name, tag));

const original = eventFormat(
  z.object({ type: z.literal('PUSH_ARTIFACT') }),
  z.object({ event_data: artifact }),
  ({ event_data: data }) => imagesOf(data),
);

/** What a CloudEvent of type `harbor.artifact.pushed` holds. */
export const harborData = eventFormat(z.unknown(), artifact, imagesOf);

const cloudEvent = eventFormat(
  z.object({ specversion: z.string(), type: z.literal('harbor.artifact.pushed') }),
  z.object({ data: artifact }),
  ({ data }) => imagesOf(data),
);

/**
 * Harbor, in its default payload and as CloudEvents. A Harbor is often reached under other names than
 * the one it knows itself by, so its name does not count.
 * @see https://goharbor.io/docs/latest/working-with-projects/project-configuration/configure-webhooks/
 */
export const harbor: Format = (body, headers) =>
  z.object({ specversion: z.unknown() }).safeParse(body).data?.specversion === undefined
    ? original(body, headers)
    : cloudEvent(body, headers);
