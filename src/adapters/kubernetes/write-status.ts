import type { ClusterObject } from '../../ports/cluster.ts';
import type { ClusterContext } from './context.ts';
import { answerError } from './errors.ts';
import { rawObject } from './raw-object.ts';
import { resourceOf } from './resource.ts';

/** Name under which the API server keeps track of what we wrote. */
const FIELD_MANAGER = 'lockkeeper';

/**
 * Replaces the status of just this object, whatever its resourceVersion: only we write status, and a change of
 * spec by its user is no conflict. A JSON patch, because only that both replaces the whole (a merge patch would
 * leave fields that are no longer there) and refuses an object that was deleted and made anew. A status that is
 * already so changes nothing on the server.
 */
export async function writeStatus(
  { client, timing }: ClusterContext,
  { ref, uid }: Pick<ClusterObject, 'ref' | 'uid'>,
  status: unknown,
  signal: AbortSignal,
): Promise<'written' | 'gone'> {
  const { namespace, name } = ref;
  const target = { resource: resourceOf(ref.kind), namespace, name };
  const request = {
    verb: 'patch',
    ...target,
    subresource: 'status',
    query: { fieldManager: FIELD_MANAGER },
    contentType: 'application/json-patch+json',
    body: [
      { op: 'test', path: '/metadata/uid', value: uid },
      { op: 'add', path: '/status', value: status },
    ],
  } as const;
  const limits = { signal, timeoutMs: timing.requestMs };
  const answer = await client.call(request, { ...limits, expect: [404, 422] });
  if (answer.status === 404) return 'gone';
  if (answer.status !== 422) return 'written';
  // The uid is another one, or the status is against the schema: the server answers 422 to both.
  const current = await client.call({ verb: 'get', ...target }, { ...limits, expect: [404] });
  if (current.status === 404 || rawObject(current.body).metadata.uid !== uid) return 'gone';
  throw answerError(request, answer);
}
