import { describe, expect, it } from 'vitest';
import { ProxyUnreachable, TunnelRefused } from '../../src/connections/proxy-failures.ts';
import { proxyTrouble } from '../../src/connections/proxy-trouble.ts';

const PROXY = 'http://proxy.example.com:3128';

describe('proxyTrouble', () => {
  it.each([
    {
      error: new TunnelRefused(407),
      want: {
        text: `the proxy ${PROXY} wants another login (407); check username and password of proxySecretRef, or of HTTPS_PROXY`,
        wantsLogin: true,
        mayPass: false,
      },
    },
    {
      error: new TunnelRefused(403),
      want: {
        text: `the proxy ${PROXY} does not let requests through (403)`,
        wantsLogin: false,
        mayPass: false,
      },
    },
    {
      error: new TunnelRefused(502),
      want: {
        text: `the proxy ${PROXY} cannot reach that host (502)`,
        wantsLogin: false,
        mayPass: true,
      },
    },
    {
      error: new ProxyUnreachable('no answer'),
      want: { text: `the proxy ${PROXY} cannot be reached`, wantsLogin: false, mayPass: true },
    },
    { error: new Error('the host itself'), want: undefined },
  ])('puts $error into words', ({ error, want }) => {
    expect(proxyTrouble(error, PROXY)).toEqual(want);
  });

  it('needs no name of the proxy', () => {
    expect(proxyTrouble(new TunnelRefused(503), undefined)?.text).toBe(
      'the proxy cannot reach that host (503)',
    );
  });
});
