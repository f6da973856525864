import { describe, expect, it } from 'vitest';
import { readRecord } from '../../../src/domain/commit-record.ts';
import type { Change } from '../../../src/domain/plan/update-plan.ts';
import { groupOf, proposedBy } from '../../../src/domain/pull-requests/pull-request-record.ts';
import {
  isSameText,
  pullRequestBody,
  pullRequestTitle,
  type PullRequestContent,
} from '../../../src/domain/pull-requests/pull-request-text.ts';
import { digest } from '../../support/builders.ts';

const PODINFO = 'ghcr.io/stefanprodan/podinfo';
const GROUP = { automation: 'apps/update', group: 'policy apps/podinfo' };

function change(over: Partial<Change> = {}): Change {
  return {
    policy: 'apps/podinfo',
    image: PODINFO,
    from: '6.1.0',
    to: '6.2.0',
    path: 'deploy/podinfo.yaml',
    line: 12,
    resource: 'Deployment apps/podinfo',
    locked: false,
    fields: [],
    ...over,
  };
}

function body(over: Partial<PullRequestContent> = {}): string {
  return pullRequestBody({
    group: GROUP,
    changes: [change()],
    links: [],
    provider: 'github',
    ...over,
  });
}

const LINK = {
  image: PODINFO,
  from: '6.1.0',
  to: '6.2.0',
  url: 'https://github.com/o/r/compare/a',
};

describe('the body of a pull request', () => {
  it('tells tags, what changed, files, and ends in the trailers', () => {
    expect(body({ links: [LINK] })).toBe(
      [
        '| Image | From | To | Policy |',
        '| --- | --- | --- | --- |',
        '| `ghcr.io/stefanprodan/podinfo` | `6.1.0` | `6.2.0` | `apps/podinfo` |',
        '',
        '- Changes of `ghcr.io/stefanprodan/podinfo`: [`6.1.0 to 6.2.0`](https://github.com/o/r/compare/a)',
        '',
        '- `deploy/podinfo.yaml:12` `Deployment apps/podinfo`',
        '',
        'Lockkeeper keeps this pull request up to date: what others write into its text does not stay. To close it without merging is to refuse these tags; a newer one is proposed again.',
        '',
        'Lockkeeper-Group: apps/update policy apps/podinfo',
        'Image-Update: apps/podinfo ghcr.io/stefanprodan/podinfo:6.1.0 -> 6.2.0',
        '',
      ].join('\n'),
    );
  });

  it.each([
    {
      name: 'a digest beside a tag by its beginning',
      over: { from: `6.1.0@${digest('a')}`, to: `6.2.0@${digest('b')}` },
      row: '`6.1.0` `sha256:aaaaaaaaaaaa…` | `6.2.0` `sha256:bbbbbbbbbbbb…`',
    },
    {
      name: 'a digest alone',
      over: { from: digest('a'), to: digest('b') },
      row: '`sha256:aaaaaaaaaaaa…` | `sha256:bbbbbbbbbbbb…`',
    },
    { name: 'that there was no tag', over: { from: undefined }, row: 'no tag | `6.2.0`' },
    { name: 'a lock', over: { locked: true }, row: '`apps/podinfo`, locked |' },
    {
      name: 'names without what Markdown would read in them',
      over: { image: 'a`b|c' },
      row: '| `a b c` |',
    },
  ])('tells $name', ({ over, row }) => {
    expect(body({ changes: [change(over as Partial<Change>)] })).toContain(row);
  });

  it('tells of a step once, and of each file', () => {
    const changes = [change(), change({ path: 'b.yaml', line: 1, resource: undefined as never })];
    const { resource: _, ...plain } = changes[1] as Change;
    const text = body({ changes: [change(), plain] });
    expect(text.match(/^\| `/gm)).toHaveLength(1);
    expect(text).toContain('- `deploy/podinfo.yaml:12` `Deployment apps/podinfo`\n- `b.yaml:1`\n');
  });

  it('links to a new image without an old one', () => {
    const { from: _, ...link } = LINK;
    expect(body({ links: [link] })).toContain(': [`6.2.0`](https://');
  });

  it('can be read back, even after a browser has touched it', () => {
    const text = body().replaceAll('\n', '\r\n');
    expect(groupOf(text)).toEqual(GROUP);
    expect(proposedBy({ body: text })).toEqual([{ policy: 'apps/podinfo', to: '6.2.0' }]);
  });
});

describe('the body of a large pull request', () => {
  const many = (count: number, over: (index: number) => Partial<Change>) =>
    Array.from({ length: count }, (_, index) => change(over(index)));

  it('keeps all trailers, and says how many files it leaves out', () => {
    const changes = many(400, (index) => ({ path: `deploy/${index}.yaml` }));
    const text = body({ changes, provider: 'azuredevops', links: [LINK] });
    expect(text.length).toBeLessThanOrEqual(3_900);
    expect(text).toMatch(/- … and \d+ more: see the commit\./);
    expect(text).toContain('| `6.2.0` |');
    expect(readRecord(text).steps).toEqual([{ policy: 'apps/podinfo', to: '6.2.0' }]);
  });

  it('says more where the forge takes more', () => {
    const changes = many(400, (index) => ({ path: `deploy/${index}.yaml` }));
    const text = body({ changes, provider: 'gitlab' });
    expect(text).toContain('deploy/399.yaml');
  });

  it('leaves out links rather than files', () => {
    const links = Array.from({ length: 200 }, () => LINK);
    const text = body({ links, provider: 'azuredevops' });
    expect(text.length).toBeLessThanOrEqual(3_900);
    expect(text).toContain('deploy/podinfo.yaml:12');
    expect(isSameText({ title: '', body: text }, { title: '', body: body() })).toBe(true);
  });

  it('leaves digests out of trailers that would fill it', () => {
    const changes = many(20, (index) => ({
      policy: `apps/p${index}`,
      from: `1.0.0@${digest('a')}`,
      to: `2.0.0@${digest('b')}`,
    }));
    const text = body({ changes, provider: 'azuredevops' });
    expect(text.length).toBeLessThanOrEqual(3_900);
    expect(readRecord(text).steps).toHaveLength(20);
    expect(readRecord(text).steps[19]).toEqual({ policy: 'apps/p19', to: '2.0.0' });
  });

  it('is never longer than what the forge takes', () => {
    const changes = many(300, (index) => {
      const { from: _, ...rest } = change({ policy: `apps/a-policy-of-some-length-${index}` });
      return rest;
    });
    const text = body({ changes, provider: 'azuredevops' });
    expect(text.length).toBeLessThanOrEqual(3_900);
    expect(groupOf(text)).toEqual(GROUP);
    expect(readRecord(text).steps.length).toBeGreaterThan(10);
  });

  it('does without a table where not one row has room', () => {
    const changes = [change({ image: 'a'.repeat(4_000), path: 'p'.repeat(4_000) })];
    const text = body({ changes, provider: 'azuredevops' });
    expect(text.length).toBeLessThanOrEqual(3_900);
    expect(text).not.toContain('aaa');
  });
});

describe('the same text', () => {
  const wanted = { title: 'Update podinfo to 6.2.0', body: body() };

  it.each([
    { name: 'lines that end otherwise', body: body().replaceAll('\n', '\r\n') },
    { name: 'blank lines that are gone', body: body().replaceAll('\n\n', '\n').trim() },
    { name: 'links that could be had', body: body({ links: [LINK] }) },
  ])('is it with $name', (other) => {
    expect(isSameText({ ...wanted, body: other.body }, wanted)).toBe(true);
  });

  it('is it not with another title or other words', () => {
    expect(isSameText({ ...wanted, title: 'Update podinfo to 6.3.0' }, wanted)).toBe(false);
    expect(isSameText({ ...wanted, body: `${wanted.body}and more` }, wanted)).toBe(false);
  });
});

describe('the title of a pull request', () => {
  it('is the subject of the commit', () => {
    expect(pullRequestTitle('Update podinfo to 6.2.0\n\nmore')).toBe('Update podinfo to 6.2.0');
    expect(pullRequestTitle('')).toBe('');
  });

  it('is no longer than forges take', () => {
    expect(pullRequestTitle('x'.repeat(300))).toBe(`${'x'.repeat(249)}…`);
  });
});
