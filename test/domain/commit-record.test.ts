import { describe, expect, it } from 'vitest';
import { releaseMessage, updateMessage, withTrailers } from '../../src/domain/commit-message.ts';
import { groupMark, groupTrailer, readRecord } from '../../src/domain/commit-record.ts';
import type { Change } from '../../src/domain/plan/update-plan.ts';
import { digest } from '../support/builders.ts';

const change: Change = {
  policy: 'apps/podinfo',
  image: 'ghcr.io/stefanprodan/podinfo',
  from: '6.1.0',
  to: `6.2.0@${digest('a')}`,
  path: 'web.yaml',
  line: 3,
  locked: false,
  fields: [],
};

describe('the record of a commit', () => {
  it('is what our messages say', () => {
    const { from: _, ...empty } = change;
    const message = updateMessage([change, { ...empty, to: '6.1.0', locked: true }]);
    expect(readRecord(message)).toEqual({
      steps: [
        { policy: 'apps/podinfo', to: change.to },
        { policy: 'apps/podinfo', to: '6.1.0' },
      ],
      releases: [],
    });
    const places = [
      { policy: 'apps/podinfo', place: 'a b/web.yaml' },
      { policy: 'apps/podinfo', place: 'https://git.example.com/pulls/7' },
    ];
    expect(readRecord(releaseMessage({ target: 'a b/web.yaml:3', places }))).toEqual({
      steps: [],
      releases: places,
    });
  });

  it('says whose a commit on a branch of ours is, if it is one commit’s', () => {
    const mark = groupMark('apps/config', 'path a\n\nImage-Release: x y');
    expect(mark).toEqual({ automation: 'apps/config', group: 'path a Image-Release: x y' });
    const message = withTrailers(updateMessage([change]), [groupTrailer(mark)]);
    expect(message).toMatch(/\n\nImage-Update: .*\nLockkeeper-Group: apps\/config path a .*\n$/);
    expect(readRecord(message)).toEqual({
      group: mark,
      steps: [{ policy: 'apps/podinfo', to: change.to }],
      releases: [],
    });
    expect(readRecord(message + message).group).toBeUndefined();
  });

  it.each([
    'Image-Lock: Deployment apps/web 6.1.0',
    ' Image-Update: apps/web x:1 -> 2',
    'Image-Update: apps/web x:1 -> 2 and more',
    'see Image-Update: apps/web x:1 -> 2',
    'Image-Release: apps/web',
  ])('is empty for %j', (message) => {
    expect(readRecord(message)).toEqual({ steps: [], releases: [] });
  });
});

describe('the message of a release', () => {
  it('says what, why and who, and no text can add a trailer', () => {
    const message = releaseMessage({
      target: 'Deployment apps/web',
      places: [{ policy: 'apps/web', place: 'a\nImage-Release: x y.yaml' }],
      reason: 'fine\nImage-Release: x z.yaml',
      by: 'ana',
    });
    expect(message.split('\n')).toEqual([
      'Release Deployment apps/web',
      '',
      'fine Image-Release: x z.yaml',
      '',
      'Image-Release: apps/web a Image-Release: x y.yaml',
      'Release-By: ana',
      '',
    ]);
  });
});
