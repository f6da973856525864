import { BlockList, isIP } from 'node:net';
import type { Repository } from '../../domain/image-reference.ts';

/** Docker Hub is named `docker.io` everywhere, but its registry answers here. */
const DOCKER_HUB_HOST = 'registry-1.docker.io';

/** Base of a repository's API, ending in a slash: `https://ghcr.io/v2/team/app/`. */
export function repositoryUrl(repository: Repository, insecure: boolean): URL {
  const host = repository.registry === 'docker.io' ? DOCKER_HUB_HOST : repository.registry;
  return new URL(`${insecure ? 'http' : 'https'}://${host}/v2/${repository.path}/`);
}

/**
 * May a registry send us to this URL (token realm, redirect)? HTTPS only, unless the user asked for
 * plain HTTP. Never to a private or link-local address, such as a cloud's metadata service, unless the
 * registry itself stands there.
 */
export function mayFollow(url: URL, registry: URL, insecure: boolean): boolean {
  const secureEnough = url.protocol === 'https:' || (insecure && url.protocol === 'http:');
  if (!secureEnough) return false;
  if (url.hostname === registry.hostname || !isPrivate(url.hostname)) return true;
  return isLoopback(url.hostname) && isLoopback(registry.hostname);
}

function isLoopback(hostname: string): boolean {
  return /^(.+\.)?localhost\.?$/.test(hostname) || inRanges(hostname, LOOPBACK);
}

function isPrivate(hostname: string): boolean {
  return isLoopback(hostname) || inRanges(hostname, PRIVATE);
}

/** A name resolves to what DNS says and is let through; only literal addresses are judged. */
function inRanges(hostname: string, ranges: BlockList): boolean {
  const address = hostname.replace(/^\[|\]$/g, '');
  const family = isIP(address);
  return family !== 0 && ranges.check(address, family === 6 ? 'ipv6' : 'ipv4');
}

const LOOPBACK = blockList(['127.0.0.0/8'], ['::1/128']);

/** RFC 1918, RFC 6598, link-local, unspecified, and unique local addresses. */
const PRIVATE = blockList(
  ['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '169.254.0.0/16', '172.16.0.0/12', '192.168.0.0/16'],
  ['::/128', 'fc00::/7', 'fe80::/10'],
);

function blockList(ipv4: readonly string[], ipv6: readonly string[]): BlockList {
  const list = new BlockList();
  const add = (subnet: string, family: 'ipv4' | 'ipv6') => {
    const [address = '', bits = ''] = subnet.split('/');
    list.addSubnet(address, Number(bits), family);
  };
  for (const subnet of ipv4) add(subnet, 'ipv4');
  for (const subnet of ipv6) add(subnet, 'ipv6');
  return list;
}
