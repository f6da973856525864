import { expect, it } from 'vitest';
import { teamOf } from '../../../src/domain/pull-requests/team-reviewer.ts';

it.each([
  ['team:platform', 'platform'],
  ['ana', undefined],
  ['ana:team:', undefined],
])('the reviewer %s stands for the team %s', (reviewer, team) => {
  expect(teamOf(reviewer)).toBe(team);
});
