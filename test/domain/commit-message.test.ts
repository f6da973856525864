import { describe, expect, it } from 'vitest';
import { lockMessage, signedOff, updateMessage } from '../../src/domain/commit-message.ts';
import type { Change } from '../../src/domain/plan/update-plan.ts';
import { digest } from '../support/builders.ts';

function change(over: Partial<Change> = {}): Change {
  return {
    policy: 'apps/podinfo',
    image: 'ghcr.io/stefanprodan/podinfo',
    from: '6.1.0',
    to: '6.2.0',
    path: 'deploy/podinfo.yaml',
    line: 14,
    resource: 'Deployment apps/podinfo',
    locked: false,
    fields: [],
    ...over,
  };
}

const subject = (...changes: readonly Change[]) => updateMessage(changes).split('\n', 1)[0];

describe('the message of an update', () => {
  it('tells image, step, places and trailers', () => {
    expect(updateMessage([change()])).toBe(
      [
        'Update podinfo to 6.2.0',
        '',
        'ghcr.io/stefanprodan/podinfo 6.1.0 -> 6.2.0 (apps/podinfo)',
        '  deploy/podinfo.yaml  Deployment apps/podinfo',
        '',
        'Image-Update: apps/podinfo ghcr.io/stefanprodan/podinfo:6.1.0 -> 6.2.0',
        '',
      ].join('\n'),
    );
  });

  it('is signed off, last of all, where somebody answers for it', () => {
    const message = signedOff(updateMessage([change()]), { name: 'Bot', email: 'bot@example.com' });
    expect(message).toMatch(/\n\nImage-Update: .*\nSigned-off-by: Bot <bot@example\.com>\n$/);
  });

  it('groups places that take the same step, and has one trailer for each step', () => {
    const { resource: _, ...values } = change({ path: 'chart/values.yaml' });
    const message = updateMessage([change(), values, change({ from: '6.0.0', path: 'old.yaml' })]);
    expect(message.split('\n')).toEqual([
      'Update podinfo to 6.2.0',
      '',
      'ghcr.io/stefanprodan/podinfo 6.1.0 -> 6.2.0 (apps/podinfo)',
      '  deploy/podinfo.yaml  Deployment apps/podinfo',
      '  chart/values.yaml',
      '',
      'ghcr.io/stefanprodan/podinfo 6.0.0 -> 6.2.0 (apps/podinfo)',
      '  old.yaml  Deployment apps/podinfo',
      '',
      'Image-Update: apps/podinfo ghcr.io/stefanprodan/podinfo:6.1.0 -> 6.2.0',
      'Image-Update: apps/podinfo ghcr.io/stefanprodan/podinfo:6.0.0 -> 6.2.0',
      '',
    ]);
  });

  it('names each place once, and no more of them than anybody reads', () => {
    const twice = updateMessage([change(), change({ line: 20 })]);
    expect(twice).toBe(updateMessage([change()]));
    const many = Array.from({ length: 130 }, (_, index) => change({ path: `${index}.yaml` }));
    const lines = updateMessage(many).split('\n');
    expect(lines.filter((line) => line.startsWith('  '))).toHaveLength(101);
    expect(lines.slice(102, 104)).toEqual(['  99.yaml  Deployment apps/podinfo', '  and 30 more']);
  });

  it('says when a lock drove the field', () => {
    const message = updateMessage([change({ from: '6.2.0', to: '6.1.0', locked: true })]);
    expect(message).toMatch(/^Return podinfo to 6\.1\.0\n/);
    expect(message).toContain('(apps/podinfo, locked)');
    expect(message).toMatch(/\nImage-Lock: apps\/podinfo .*:6\.2\.0 -> 6\.1\.0\n$/);
  });

  it('speaks of a field that held no tag', () => {
    const { from: _, ...without } = change();
    const message = updateMessage([without]);
    expect(message).toContain('podinfo no tag -> 6.2.0');
    expect(message).toContain('Image-Update: apps/podinfo ghcr.io/stefanprodan/podinfo -> 6.2.0');
  });

  it('writes digests in full below the subject, and joins them as a reference does', () => {
    const message = updateMessage([change({ from: digest('a'), to: `6.2.0@${digest('b')}` })]);
    expect(message).toMatch(/^Update podinfo to 6\.2\.0\n/);
    expect(message).toContain(`podinfo@${digest('a')} -> 6.2.0@${digest('b')}\n`);
  });

  it.each([
    {
      name: 'lists several images',
      changes: [change(), change({ image: 'nginx', to: '1.28' })],
      want: 'Update podinfo to 6.2.0, nginx to 1.28',
    },
    {
      name: 'names each step once',
      changes: [change(), change({ path: 'b.yaml' })],
      want: 'Update podinfo to 6.2.0',
    },
    {
      name: 'counts when the list is too long for a subject',
      changes: Array.from({ length: 5 }, (_, n) => change({ image: `org/service-${n}`, to: '1' })),
      want: 'Update 5 images',
    },
    {
      name: 'keeps a single image however long',
      changes: [change({ image: 'podinfo', to: 'x'.repeat(100) })],
      want: `Update podinfo to ${'x'.repeat(100)}`,
    },
    {
      name: 'is an update as soon as one of them is',
      changes: [change({ locked: true }), change({ image: 'nginx' })],
      want: 'Update podinfo to 6.2.0, nginx to 6.2.0',
    },
  ])('has a subject that $name', ({ changes, want }) => {
    expect(subject(...changes)).toBe(want);
  });

  it('lets no name of a file or resource begin a trailer', () => {
    const message = updateMessage([change({ path: 'a\nImage-Update: x', resource: 'Pod\r\n\nb' })]);
    expect(message).toContain('\n  a Image-Update: x  Pod b\n');
  });
});

describe('the message of a lock', () => {
  it('says what, at which tag, why, by whom and until when', () => {
    const message = lockMessage({
      action: 'lock',
      target: 'Deployment apps/podinfo',
      path: 'deploy/podinfo.yaml',
      tag: '6.1.0',
      reason: '6.2.0 leaks memory',
      by: 'ana',
      until: '2026-12-31T18:00:00Z',
    });
    expect(message.split('\n')).toEqual([
      'Lock Deployment apps/podinfo at 6.1.0',
      '',
      '6.2.0 leaks memory',
      '',
      'deploy/podinfo.yaml',
      '',
      'Image-Lock: Deployment apps/podinfo 6.1.0',
      'Lock-By: ana',
      'Lock-Until: 2026-12-31T18:00:00Z',
      '',
    ]);
  });

  it('is short where nothing more is known', () => {
    const lock = { action: 'lock', target: 'a.yaml:3', path: 'a.yaml' } as const;
    expect(lockMessage(lock)).toBe('Lock a.yaml:3\n\na.yaml\n\nImage-Lock: a.yaml:3\n');
  });

  it('tells of an unlock', () => {
    const unlock = { action: 'unlock', target: 'a.yaml:3', path: 'a.yaml' } as const;
    expect(lockMessage(unlock)).toBe('Unlock a.yaml:3\n\na.yaml\n\nImage-Unlock: a.yaml:3\n');
  });

  it('lets no reason begin a trailer', () => {
    const message = lockMessage({
      action: 'lock',
      target: 'a.yaml:3',
      path: 'a.yaml',
      reason: 'x\n\nImage-Update: y',
    });
    expect(message).toContain('\nx Image-Update: y\n');
  });
});
