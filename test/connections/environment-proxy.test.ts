import { describe, expect, it } from 'vitest';
import { environmentProxy } from '../../src/connections/environment-proxy.ts';

const https = { url: 'http://secure:3128' };
const http = { url: 'http://plain:3128' };

describe('the proxy of the environment', () => {
  it.each([
    { url: 'https://ghcr.io/v2/', want: https },
    { url: 'http://ghcr.io/v2/', want: http },
    { url: 'https://localhost:5000/', want: undefined },
    { url: 'https://127.0.0.9/', want: undefined },
    { url: 'https://[::1]:5000/', want: undefined },
  ])('for $url is chosen by scheme, and never for loopback', ({ url, want }) => {
    expect(environmentProxy(new URL(url), { https, http, exceptions: '' })).toBe(want);
  });

  it('for one scheme says nothing of the other', () => {
    const proxies = { http, exceptions: '' };
    expect(environmentProxy(new URL('https://ghcr.io/'), proxies)).toBeUndefined();
  });

  it.each([
    { exceptions: '*', host: 'ghcr.io', excepted: true },
    { exceptions: 'ghcr.io', host: 'ghcr.io', excepted: true },
    { exceptions: 'GHCR.io', host: 'ghcr.io', excepted: true },
    { exceptions: 'ghcr.io', host: 'pkg.ghcr.io', excepted: true },
    { exceptions: 'ghcr.io', host: 'notghcr.io', excepted: false },
    { exceptions: '.ghcr.io', host: 'pkg.ghcr.io', excepted: true },
    { exceptions: '.ghcr.io', host: 'ghcr.io', excepted: false },
    { exceptions: '*.ghcr.io', host: 'pkg.ghcr.io', excepted: true },
    { exceptions: '*.ghcr.io', host: 'ghcr.io', excepted: false },
    { exceptions: 'a.b, ,ghcr.io', host: 'ghcr.io', excepted: true },
    { exceptions: 'a.b ghcr.io', host: 'ghcr.io', excepted: true },
    { exceptions: 'ghcr.io:443', host: 'ghcr.io', excepted: true },
    { exceptions: 'ghcr.io:5000', host: 'ghcr.io', excepted: false },
    { exceptions: 'ghcr.io:5000', host: 'ghcr.io:5000', excepted: true },
    { exceptions: '10.0.0.1', host: '10.0.0.1', excepted: true },
    { exceptions: '10.0.0.1:5000', host: '10.0.0.1', excepted: false },
    { exceptions: '0.0.1', host: '10.0.0.1', excepted: false },
    { exceptions: '10.0.0.0/8', host: '10.9.8.7:5000', excepted: true },
    { exceptions: '10.0.0.0/8', host: '11.0.0.1', excepted: false },
    { exceptions: '10.0.0.0/33', host: '10.0.0.1', excepted: false },
    { exceptions: '10.0.0.0/x', host: '10.0.0.1', excepted: false },
    { exceptions: '10.0.0.0/8', host: 'ten.example', excepted: false },
    { exceptions: 'fd00::/8', host: '[fd12::1]', excepted: true },
    { exceptions: 'fd12::1', host: '[fd12::1]', excepted: true },
    { exceptions: '[fd12::1]:443', host: '[fd12::1]', excepted: true },
    { exceptions: 'fd00::/8', host: '10.0.0.1', excepted: false },
    { exceptions: '', host: 'ghcr.io', excepted: false },
  ])('with NO_PROXY "$exceptions" is left aside for $host: $excepted', (row) => {
    const url = new URL(`https://${row.host}/v2/`);
    const proxy = environmentProxy(url, { https, exceptions: row.exceptions });
    expect(proxy).toBe(row.excepted ? undefined : https);
  });
});
