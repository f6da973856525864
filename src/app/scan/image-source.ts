import type { ImagePolicy } from '../../api/image-policy.ts';
import { parseRepository } from '../../domain/image-reference.ts';
import type { RegistryAccess } from '../../ports/registry.ts';
import { accessKey, registryAccess, type AccessPorts } from '../access/registry-access.ts';
import type { ImageSource } from './image-library.ts';

/** The images of a policy; its Secrets are read once, and only when a request is made. */
export function imageSource(policy: ImagePolicy, ports: AccessPorts): ImageSource {
  let access: Promise<RegistryAccess> | undefined;
  return {
    repository: parseRepository(policy.spec.image),
    login: accessKey(policy),
    access: (signal) => (access ??= registryAccess(policy, ports, signal)),
  };
}
