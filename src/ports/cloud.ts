/** Clouds, as far as their registries ask for logins. As for all ports, calls reject with `AppError`. */
import type { Login } from '../domain/access.ts';
import type { CloudRegistry } from '../domain/cloud-registry.ts';

/** A login for a while that a cloud gives for its own registries. */
export type CloudLogin =
  | ({ readonly kind: 'basic' } & Login)
  /** A Microsoft Entra token; see `RegistryAccess.entraToken`. */
  | { readonly kind: 'entra'; readonly token: string };

/** Logins for registries of clouds, by the identity that this process has there. */
export interface CloudLogins {
  /** @throws AppError `registry/unauthorized` where the cloud gives none */
  login(registry: CloudRegistry, signal: AbortSignal): Promise<CloudLogin>;
}
