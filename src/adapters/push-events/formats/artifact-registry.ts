import { z } from 'zod';
import { parseImageReference } from '../../../domain/image-reference.ts';
import { eventFormat, faultOf, imageNamed, type Format } from '../format.ts';
import { parseJson } from '../json.ts';

const pushMessage = z.object({ message: z.object({ data: z.base64().max(1_048_576) }) });

const notification = eventFormat(
  z.object({ action: z.literal('INSERT') }),
  z.object({ tag: z.string().optional(), digest: z.string().optional() }),
  ({ tag, digest }) => {
    const { name, tag: version } = parseImageReference(tag ?? digest ?? '') ?? {};
    return name === undefined ? [] : [imageNamed(name, version ?? '')];
  },
);

/**
 * Google Artifact Registry, whose notifications Pub/Sub pushes: the message's data is a JSON document in
 * Base64 with a whole reference in `tag`, or in `digest` for an upload without one.
 * @see https://cloud.google.com/artifact-registry/docs/configure-notifications
 * @see https://cloud.google.com/pubsub/docs/push#receive_push
 */
export const artifactRegistry: Format = (body, headers) => {
  const { data, error } = pushMessage.safeParse(body);
  if (error !== undefined) return { fault: faultOf(error) };
  const inner = parseJson(Buffer.from(data.message.data, 'base64'));
  return inner === undefined
    ? { fault: 'message.data is not JSON' }
    : notification(inner.value, headers);
};
