import { afterEach, describe, expect, it } from 'vitest';
import { budgetOf, type ForgeEvent } from '../../../src/adapters/forge/events.ts';
import { openForge } from '../../../src/adapters/forge/open-forge.ts';
import { STRAIGHT } from '../../../src/connections/process-way.ts';
import { startRecordedForge, type RecordedForge } from '../../support/forge/recorded-forge.ts';
import { never } from '../../support/memory-ports.ts';

describe('what a forge says is left', () => {
  it.each([
    {
      name: 'GitHub',
      headers: { 'x-ratelimit-limit': '5000', 'x-ratelimit-remaining': '4987' },
      want: { limit: 5000, remaining: 4987 },
    },
    {
      name: 'GitLab',
      headers: { 'ratelimit-limit': '600', 'ratelimit-remaining': '0' },
      want: { limit: 600, remaining: 0 },
    },
    { name: 'one that says half of it', headers: { 'x-ratelimit-limit': '5000' }, want: undefined },
    {
      name: 'one that says no number',
      headers: { 'ratelimit-limit': '10;w=1', 'ratelimit-remaining': '9' },
      want: undefined,
    },
    {
      name: 'one that says it twice',
      headers: { 'ratelimit-limit': ['1', '2'], 'ratelimit-remaining': '9' },
      want: undefined,
    },
    { name: 'Gitea, which says nothing', headers: {}, want: undefined },
  ])('is read from the headers of $name', ({ headers, want }) => {
    expect(budgetOf(headers)).toEqual(want);
  });
});

describe('requests to a forge', () => {
  let forge: RecordedForge | undefined;
  afterEach(() => forge?.close());

  it('are told of with what is left, answered or not', async () => {
    const headers = { 'x-ratelimit-limit': '60', 'x-ratelimit-remaining': '59' };
    forge = await startRecordedForge([
      { request: 'GET', answer: [], headers },
      { request: 'GET', status: 404 },
    ]);
    const { url } = forge;
    const events: ForgeEvent[] = [];
    const access = { kind: 'github', repoUrl: 'https://github.com/o/r', apiUrl: url } as const;
    const opened = openForge(access, STRAIGHT, (event) => events.push(event));
    const list = () => opened.list({ base: 'main', state: 'open' }, never);
    await list();
    await expect(list()).rejects.toThrow('404');
    await forge.close();
    await expect(list()).rejects.toMatchObject({ code: 'forge/unreachable' });
    const { host } = new URL(url);
    expect(events).toEqual([
      { kind: 'request', host, status: 200 },
      { kind: 'budget', host, api: 'rest', limit: 60, remaining: 59 },
      { kind: 'request', host, status: 404 },
      { kind: 'request', host, status: 'error' },
    ]);
  });
});
