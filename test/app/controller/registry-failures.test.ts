import { describe, expect, it, onTestFinished } from 'vitest';
import { createRegistry } from '../../../src/adapters/registry/create-registry.ts';
import { settled } from '../../support/memory-ports.ts';
import { type Answer, type SeenRequest, startLoopback } from '../../support/registry/loopback.ts';
import { POLICY, stage } from './stage.ts';

const MINUTE = 60_000;
const TAGS: Answer = { body: { tags: ['1.0.0', '1.1.0'] } };
const oci = (code: string, message = 'no') => ({ errors: [{ code, message }] });

/** What a page of new, higher tags looks like that must not count, because the list is not whole. */
const page = (link: string): Answer => ({
  body: { tags: ['9.0.0'] },
  headers: { link: `<${link}>; rel="next"` },
});

type Fault = (request: SeenRequest) => Answer;

const FAULTS: readonly { readonly name: string; readonly says: RegExp; readonly fault: Fault }[] = [
  {
    name: 'denies access',
    says: /access denied without credentials.* \(401\)/,
    fault: () => ({ status: 401 }),
  },
  {
    name: 'forbids access',
    says: /access denied without credentials.* \(403 DENIED: no\)/,
    fault: () => ({ status: 403, body: oci('DENIED') }),
  },
  {
    name: 'has lost the repository',
    says: /no such repository.* \(404 NAME_UNKNOWN: no\)/,
    fault: () => ({ status: 404, body: oci('NAME_UNKNOWN') }),
  },
  {
    name: 'refuses every page size',
    says: /unexpected answer \(405 UNSUPPORTED: no\)/,
    fault: () => ({ status: 405, body: oci('UNSUPPORTED') }),
  },
  {
    name: 'limits requests',
    says: /allows no more requests for now \(429 TOOMANYREQUESTS: no\)/,
    fault: () => ({
      status: 429,
      headers: { 'retry-after': '3600' },
      body: oci('TOOMANYREQUESTS'),
    }),
  },
  {
    name: 'limits requests under another status',
    says: /allows no more requests for now \(403 TOOMANYREQUESTS: no\)/,
    fault: () => ({
      status: 403,
      headers: { 'retry-after': new Date(Date.parse('2026-06-01T14:00:00Z')).toUTCString() },
      body: oci('TOOMANYREQUESTS'),
    }),
  },
  { name: 'fails', says: /the registry failed \(500\)/, fault: () => ({ status: 500 }) },
  {
    name: 'shows a login page',
    says: /text\/html that is not a tag list/,
    fault: () => ({ headers: { 'content-type': 'text/html' }, body: '<html>' }),
  },
  {
    name: 'links in a circle',
    says: /its next-page links go in a circle/,
    fault: () => page('?n=1000'),
  },
  {
    name: 'links to another host',
    says: /its next-page link leads to another host/,
    fault: () => page('http://other.example/v2/team/app/tags/list'),
  },
  {
    name: 'breaks off between pages',
    says: /the tag list broke off between pages: .*\(500\)/,
    fault: ({ url }) => (url.includes('last') ? { status: 500 } : page('?last=9.0.0')),
  },
  {
    name: 'cuts its list off in silence',
    says: /it seems to be cut off at 1000 tags, without a link to more/,
    fault: ({ url }) => {
      const n = Number(new URL(url, 'http://x').searchParams.get('n'));
      const tags = Array.from({ length: Math.min(n, 1_000) }, (_, index) => `9.${index}.0`);
      return { body: { tags } };
    },
  },
  {
    name: 'sends its login to a private address',
    says: /wants credentials sent to http:\/\/169\.254\.169\.254: plain HTTP or a private address/,
    fault: () => ({
      status: 401,
      headers: { 'www-authenticate': 'Bearer realm="http://169.254.169.254/token"' },
    }),
  },
];

describe('a registry that', () => {
  it.each(FAULTS)('$name leaves the former choice as it is', async ({ says, fault }) => {
    let answer: Fault = () => TAGS;
    const server = await startLoopback((request) => answer(request));
    onTestFinished(() => server.close());
    const { cluster, clock, start, stop } = stage({
      branches: {},
      connect: (time) => {
        const registry = createRegistry({ clock: time, random: () => 0 });
        onTestFinished(() => registry.close());
        return registry;
      },
    });
    cluster.apply('ImagePolicy', POLICY, {
      image: `${server.host}/team/app`,
      insecure: true,
      policy: { semver: { range: '*' } },
    });
    const running = start();
    const status = () => cluster.status('ImagePolicy', POLICY) as PolicyStatus | undefined;
    await expect.poll(() => status()?.latest).toMatchObject({ tag: '1.1.0' });
    answer = fault;
    await clock.advance(5 * MINUTE);
    await expect.poll(() => readyOf(status())?.status, { timeout: 10_000 }).toBe('False');
    await settled();
    expect(status()?.latest).toMatchObject({ tag: '1.1.0' });
    const { message } = readyOf(status()) ?? {};
    expect(message).toMatch(says);
    expect(message).not.toMatch(/\n/);
    expect(message).toContain(`${server.host}/team/app: `);
    stop.abort();
    await running;
  });
});

interface PolicyStatus {
  readonly latest?: object;
  readonly conditions?: readonly {
    readonly type: string;
    readonly status: string;
    readonly message: string;
  }[];
}

function readyOf(status: PolicyStatus | undefined) {
  return status?.conditions?.find(({ type }) => type === 'Ready');
}
