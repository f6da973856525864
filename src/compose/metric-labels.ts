/** Hosts that metrics tell apart; the rest is `other`, since resources may name ever new ones. */
const MAX_HOSTS = 200;

/** Statuses worth a series of their own; a server may send any number. */
const STATUSES: ReadonlySet<number> = new Set([
  200, 201, 204, 307, 400, 401, 403, 404, 405, 409, 422, 429, 500, 502, 503, 504,
]);

/** Labels for hosts: the first ones that came, then `other`. */
export function hostLabels(): (host: string) => string {
  const hosts = new Set<string>();
  return (host) => {
    if (hosts.size < MAX_HOSTS) hosts.add(host);
    return hosts.has(host) ? host : 'other';
  };
}

/** `429` where it is usual, else its class, `4xx`. */
export function statusLabel(status: number | 'error'): string {
  if (status === 'error' || STATUSES.has(status)) return String(status);
  return `${Math.floor(status / 100)}xx`;
}
