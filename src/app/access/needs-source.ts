import type { ImagePolicy } from '../../api/image-policy.ts';
import type { ImageReceiver } from '../../api/image-receiver.ts';
import type { ImageUpdateAutomation } from '../../api/image-update-automation.ts';
import type { ChangedSource } from '../../ports/cluster.ts';
import { namesSecret } from '../../domain/resources/names-secret.ts';

/** Does a resource get a login, a key or a certificate from a Secret or ServiceAccount? */
export function needsSource(
  { metadata, spec }: ImagePolicy | ImageUpdateAutomation | ImageReceiver,
  { kind, namespace, name }: ChangedSource,
): boolean {
  if (metadata.namespace !== namespace) return false;
  const account = 'serviceAccountName' in spec ? spec.serviceAccountName : undefined;
  if (kind === 'ServiceAccount') return account === name;
  // Which pull Secrets an account has, only the API server knows: any that was read may be one.
  return namesSecret(spec, name) || account !== undefined;
}
