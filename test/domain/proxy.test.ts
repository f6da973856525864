import { describe, expect, it } from 'vitest';
import { parseProxyAddress, PROXY_EXAMPLE, type Proxy } from '../../src/domain/proxy.ts';

describe('the address of a proxy', () => {
  it.each<{ readonly text: string; readonly want: Proxy }>([
    { text: PROXY_EXAMPLE, want: { url: PROXY_EXAMPLE } },
    { text: ' proxy.example.com:3128\n', want: { url: PROXY_EXAMPLE } },
    { text: 'HTTPS://proxy.example.com/', want: { url: 'https://proxy.example.com' } },
    {
      text: 'http://ana:p%40ss%3A@proxy.example.com:3128',
      want: { url: PROXY_EXAMPLE, login: { username: 'ana', password: 'p@ss:' } },
    },
    {
      text: 'ana@proxy.example.com:3128',
      want: { url: PROXY_EXAMPLE, login: { username: 'ana', password: '' } },
    },
  ])('is read from $text', ({ text, want }) => {
    expect(parseProxyAddress(text)).toEqual(want);
  });

  it.each([
    '',
    'http://',
    'socks5://proxy.example.com',
    'ftp://proxy.example.com',
    'http://proxy.example.com/path',
    'http://proxy.example.com:port',
    'http://ana%zz:x@proxy.example.com',
    'http://ana:%zz@proxy.example.com',
  ])('is none: %s', (text) => {
    expect(parseProxyAddress(text)).toBeUndefined();
  });
});
