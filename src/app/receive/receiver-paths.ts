import { asAppError } from '../../domain/errors.ts';
import type { Resources } from '../../domain/resources/merge-resources.ts';
import type { Secrets } from '../../ports/ports.ts';
import type { PushMessages } from '../../ports/push.ts';
import { receiverToken } from './receivers.ts';

/** Where a registry sends to for one receiver. */
export interface ReceiverPath {
  /** `namespace/name`. */
  readonly receiver: string;
  readonly type: string;
  /** Absent: `problem` says why there is none. */
  readonly path?: string;
  readonly problem?: string;
}

/** The paths of all receivers, by name, from their Secrets as they are now. */
export async function receiverPaths(
  { receivers }: Resources,
  { secrets, messages }: { readonly secrets: Secrets; readonly messages: PushMessages },
  signal: AbortSignal,
): Promise<readonly ReceiverPath[]> {
  const paths: ReceiverPath[] = [];
  for (const [key, receiver] of receivers) {
    const row = { receiver: key, type: receiver.spec.type };
    try {
      const token = await receiverToken(receiver, secrets, signal);
      paths.push({ ...row, path: messages.pathOf(receiver.metadata, token) });
    } catch (error) {
      paths.push({ ...row, problem: asAppError(error).message });
    }
  }
  return paths.toSorted((a, b) => (a.receiver < b.receiver ? -1 : 1));
}
