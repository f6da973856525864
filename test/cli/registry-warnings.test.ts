import { expect, it, onTestFinished } from 'vitest';
import { run } from '../support/captured-io.ts';
import { startLoopback } from '../support/registry/loopback.ts';

it('shows what a registry has to say to people, once and apart from the result', async () => {
  const server = await startLoopback(({ url }) => ({
    headers: {
      warning: '299 - "this host goes away"',
      ...(url.includes('last') ? {} : { link: '<?last=1.0.0>; rel="next"' }),
    },
    body: { tags: [url.includes('last') ? '1.1.0' : '1.0.0'] },
  }));
  onTestFinished(() => server.close());
  const image = `${server.host}/team/app`;
  expect(await run(['select', '--image', image, '--insecure', '--semver', '1.x'])).toEqual({
    code: 0,
    out: '1.1.0\n',
    err: `warning: ${image}: the registry says: this host goes away\n`,
  });
});
