import { describe, expect, it } from 'vitest';
import type { Files } from '../../support/memory-ports.ts';
import { automationText, deploymentText, PODINFO } from '../../support/texts.ts';
import { at, HOUR, promoting } from './promoting.ts';

describe('an automation beside others of the same repo', () => {
  const automations = (
    staging: readonly string[],
    prod: readonly string[] = ['update: {paths: [prod]}'],
  ) => ({
    'automations.yaml': [
      automationText('staging', ...staging),
      automationText('own', ...prod),
    ].join('---\n'),
  });
  const start = (files: Files) =>
    promoting({
      staging: ['suspend: true'],
      automation: 'own',
      files: { 'staging/web.yaml': at('staging', '6.2.0'), ...files },
    });

  it.each([
    { name: 'in its paths', staging: ['update: {paths: [staging]}'], want: '6.2.0' },
    { name: 'everywhere', staging: [], want: '6.2.0' },
    { name: 'elsewhere alone', staging: ['update: {paths: [other]}'], want: '6.1.0' },
    { name: 'nowhere, while it is suspended', staging: ['suspend: true'], want: '6.1.0' },
  ])('sees what one of them writes $name', async ({ staging, want }) => {
    const { run, tags, clock } = start(automations(staging));
    await clock.advance(2 * HOUR);
    const { prod } = await run();
    expect(tags()).toEqual(['6.2.0', want]);
    if (want === '6.1.0')
      expect(prod).toMatch(
        /no location of it was found, and `update` sees one repo and branch alone$/,
      );
  });

  it('does not see what one of them writes on another branch', async () => {
    const files = automations([]);
    const text = files['automations.yaml'].replace('config.git"', 'config.git", branch: next');
    const { run, tags, clock } = start({ 'automations.yaml': text });
    await clock.advance(2 * HOUR);
    expect((await run()).prod).toMatch(
      /no location of it was found, and `update` sees one repo and branch alone$/,
    );
    expect(tags()[1]).toBe('6.1.0');
  });

  it('does not see what goes by images', async () => {
    const { run, tags, clock } = start(automations(['update: {strategy: Images}']));
    await clock.advance(2 * HOUR);
    expect((await run()).prod).toBe(
      'NotPromoted: nobody knows what apps/staging runs: ImageUpdateAutomation apps/staging: it goes by images, and this run by markers alone',
    );
    expect(tags()[1]).toBe('6.1.0');
  });

  it('takes no field without a marker for one that goes by markers', async () => {
    const unmarked = { 'staging/api.yaml': deploymentText(`${PODINFO}:6.1.0`, { marker: '' }) };
    const files = automations(
      ['update: {paths: [staging]}'],
      ['update: {paths: [prod], strategy: Images}'],
    );
    const { run, tags, clock } = start({ ...files, ...unmarked });
    await clock.advance(2 * HOUR);
    await run();
    expect(tags()).toEqual(['6.2.0', '6.2.0']);
  });
});
