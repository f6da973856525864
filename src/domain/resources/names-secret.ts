/**
 * Does a spec name a Secret of its own namespace? By the house's rule every field that does is a `secretRef`, or ends in
 * `SecretRef` (a test holds the schemas to it), so no list of fields has to follow them.
 */
export function namesSecret(spec: unknown, secret: string): boolean {
  if (typeof spec !== 'object' || spec === null) return false;
  return Object.entries(spec).some(([field, value]: [string, unknown]) =>
    /(^s|S)ecretRef$/.test(field)
      ? (value as { readonly name?: unknown } | undefined)?.name === secret
      : namesSecret(value, secret),
  );
}
