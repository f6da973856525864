/** Target of the `rel="next"` link of a `Link` header (RFC 8288), as written; undefined when there is none. */
export function nextLink(header: string): string | undefined {
  const link = /<([^<>]*)>([^<]*)/g;
  for (const [, target = '', params = ''] of header.matchAll(link)) {
    const rel = /;\s*rel\s*=\s*(?:"([^"]*)"|([^\s;,"]+))/i.exec(params);
    const relations = (rel?.[1] ?? rel?.[2] ?? '').toLowerCase().split(/\s+/);
    if (relations.includes('next')) return target;
  }
  return undefined;
}

/**
 * The URL of the next page. The cursor in the query is the registry's own and stays as it is. Scheme
 * and port stay ours, because registries behind proxies lose them (Nexus), and so does the path of a
 * tag list, because Artifactory loses the prefix of a virtual repository.
 * @returns undefined when the link is no URL or leads to another host, where our credentials have no business
 */
export function nextPageUrl(page: URL, target: string): URL | undefined {
  if (!URL.canParse(target, page.href)) return undefined;
  const link = new URL(target, page);
  if (link.hostname !== page.hostname) return undefined;
  const next = new URL(page);
  // Set part by part: as text, a path that starts with `//` would name another host.
  if (!link.pathname.endsWith('/tags/list')) next.pathname = link.pathname;
  next.search = link.search;
  return next;
}
