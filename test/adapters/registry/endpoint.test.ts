import { describe, expect, it } from 'vitest';
import { mayFollow, repositoryUrl } from '../../../src/adapters/registry/endpoint.ts';

describe('repositoryUrl', () => {
  it.each([
    {
      registry: 'docker.io',
      path: 'library/nginx',
      insecure: false,
      want: 'https://registry-1.docker.io/v2/library/nginx/',
    },
    {
      registry: 'ghcr.io',
      path: 'team/app',
      insecure: false,
      want: 'https://ghcr.io/v2/team/app/',
    },
    {
      registry: 'localhost:5000',
      path: 'app',
      insecure: true,
      want: 'http://localhost:5000/v2/app/',
    },
    { registry: '[::1]:5000', path: 'app', insecure: false, want: 'https://[::1]:5000/v2/app/' },
  ])('of $registry/$path is $want', ({ registry, path, insecure, want }) => {
    expect(repositoryUrl({ registry, path }, insecure).href).toBe(want);
  });
});

describe('mayFollow', () => {
  const PUBLIC = 'https://reg.example/';

  it.each([
    { to: 'https://auth.example/token', from: PUBLIC, want: true },
    { to: 'http://auth.example/token', from: PUBLIC, want: false },
    { to: 'http://reg.example/token', from: PUBLIC, want: false },
    { to: 'http://auth.example/token', from: 'http://reg.example/', insecure: true, want: true },
    { to: 'ftp://auth.example/token', from: PUBLIC, insecure: true, want: false },
    { to: 'https://169.254.169.254/latest', from: PUBLIC, want: false },
    { to: 'https://[::ffff:169.254.169.254]/latest', from: PUBLIC, want: false },
    { to: 'https://localhost./latest', from: PUBLIC, want: false },
    { to: 'https://x.localhost/latest', from: PUBLIC, want: false },
    { to: 'https://localhost.example/latest', from: PUBLIC, want: true },
    { to: 'http://169.254.169.254/latest', from: PUBLIC, insecure: true, want: false },
    { to: 'https://10.1.2.3/token', from: PUBLIC, want: false },
    { to: 'https://172.31.0.1/token', from: PUBLIC, want: false },
    { to: 'https://172.32.0.1/token', from: PUBLIC, want: true },
    { to: 'https://192.168.1.1/token', from: PUBLIC, want: false },
    { to: 'https://100.64.0.1/token', from: PUBLIC, want: false },
    { to: 'https://0.0.0.0/token', from: PUBLIC, want: false },
    { to: 'https://127.0.0.1/token', from: PUBLIC, want: false },
    { to: 'https://2130706433/token', from: PUBLIC, want: false },
    { to: 'https://localhost/token', from: PUBLIC, want: false },
    { to: 'https://[::1]/token', from: PUBLIC, want: false },
    { to: 'https://[::ffff:10.0.0.1]/token', from: PUBLIC, want: false },
    { to: 'https://[fe80::1]/token', from: PUBLIC, want: false },
    { to: 'https://[fd00::1]/token', from: PUBLIC, want: false },
    { to: 'https://[2001:db8::1]/token', from: PUBLIC, want: true },
    { to: 'https://8.8.8.8/token', from: PUBLIC, want: true },
    { to: 'https://10.1.2.3:5001/token', from: 'https://10.1.2.3:5000/', want: true },
    { to: 'https://10.1.2.4/token', from: 'https://10.1.2.3/', want: false },
    { to: 'https://localhost:5001/token', from: 'https://127.0.0.1:5000/', want: true },
    { to: 'https://169.254.169.254/latest', from: 'https://127.0.0.1:5000/', want: false },
  ])('$from to $to is $want', ({ to, from, insecure = false, want }) => {
    expect(mayFollow(new URL(to), new URL(from), insecure)).toBe(want);
  });
});
