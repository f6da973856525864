import { describe, expect, it } from 'vitest';
import { nextLink, nextPageUrl } from '../../../src/adapters/registry/link-header.ts';

describe('nextLink', () => {
  it.each([
    { header: '</v2/a/tags/list?last=x>; rel="next"', want: '/v2/a/tags/list?last=x' },
    { header: '</a?x=1>;rel=next', want: '/a?x=1' },
    { header: '</a>; title="t"; REL="prev next"', want: '/a' },
    { header: '</first>; rel="first", </second>; rel="next"', want: '/second' },
    { header: '</a?cursor=1,2>; rel="next", </b>; rel="last"', want: '/a?cursor=1,2' },
    { header: '</a>; rel="prev"', want: undefined },
    { header: '</a>; rel="nextish"', want: undefined },
    { header: '</a>', want: undefined },
    { header: '', want: undefined },
  ])('of $header is $want', ({ header, want }) => {
    expect(nextLink(header)).toBe(want);
  });
});

describe('nextPageUrl', () => {
  const page = new URL('https://reg.example:5000/v2/team/app/tags/list?n=1000');

  it.each([
    {
      name: 'takes an absolute path',
      target: '/v2/team/app/tags/list?n=1000&last=b',
      want: 'https://reg.example:5000/v2/team/app/tags/list?n=1000&last=b',
    },
    {
      name: 'takes a query alone',
      target: '?n=1000&last=b',
      want: 'https://reg.example:5000/v2/team/app/tags/list?n=1000&last=b',
    },
    {
      name: 'takes a whole URL',
      target: 'https://reg.example:5000/v2/team/app/tags/list?last=b',
      want: 'https://reg.example:5000/v2/team/app/tags/list?last=b',
    },
    {
      name: 'puts a lost port back (Nexus)',
      target: 'https://reg.example/v2/team/app/tags/list?last=b',
      want: 'https://reg.example:5000/v2/team/app/tags/list?last=b',
    },
    {
      name: 'does not step down to plain HTTP',
      target: 'http://reg.example/v2/team/app/tags/list?last=b',
      want: 'https://reg.example:5000/v2/team/app/tags/list?last=b',
    },
    {
      name: 'puts a lost prefix back (Artifactory)',
      target: '/v2/app/tags/list?last=b',
      want: 'https://reg.example:5000/v2/team/app/tags/list?last=b',
    },
    {
      name: 'leaves a cursor as it is',
      target: '/v2/team/app/tags/list?next_page=gAAA%2Fb%3D%3D&n=50',
      want: 'https://reg.example:5000/v2/team/app/tags/list?next_page=gAAA%2Fb%3D%3D&n=50',
    },
    {
      name: 'stays with the host when the path looks like another one',
      target: 'https://reg.example:5000//evil.example/page?last=b',
      want: 'https://reg.example:5000//evil.example/page?last=b',
    },
    {
      name: 'leaves a path of its own as it is',
      target: '/v2/_cursor/abc',
      want: 'https://reg.example:5000/v2/_cursor/abc',
    },
    { name: 'refuses another host', target: 'https://evil.example/v2/team/app/tags/list' },
    { name: 'refuses another host without a scheme', target: '//evil.example/v2/x/tags/list' },
    { name: 'refuses another scheme', target: 'file:///etc/passwd' },
    { name: 'refuses what is no URL', target: 'https://[' },
  ])('$name', ({ target, want }) => {
    expect(nextPageUrl(page, target)?.href).toBe(want);
  });
});
