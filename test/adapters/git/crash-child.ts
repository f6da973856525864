import { GitBranches, type EngineChoice } from '../../../src/adapters/git/open-branch.ts';

/**
 * A process to be killed: looks, reads, commits and pushes for ever. It prints a line before each
 * step, so that the test knows how far it came.
 */
const [engine = 'native', url = '', storeRoot = ''] = process.argv.slice(2);
const signal = new AbortController().signal;
const branches = new GitBranches({
  storeRoot,
  engine: engine as EngineChoice,
  env: process.env,
  logins: { login: () => Promise.reject(new Error('there is no provider here')) },
});

for (let round = 0; ; round++) {
  const branch = await branches.open({ url, branch: 'main' }, signal);
  console.log('head');
  const parent = await branch.head(signal);
  console.log('fetch');
  const source = branch.files(parent);
  const entries = await source.list(signal);
  console.log('read');
  for await (const { entry } of source.read(entries, 1 << 20, signal)) void entry;
  console.log('history');
  const told: string[] = [];
  for await (const { id } of branch.log(parent, 300, signal)) told.push(id);
  const [after, before] = told.slice(round, round + 2);
  if (before !== undefined && after !== undefined) await branch.changes({ before, after }, signal);
  console.log('commit');
  const bytes = Buffer.from(`round ${round} of ${process.pid}\n`);
  const commit = await branch.commit(
    {
      parent,
      files: [{ path: 'apps/1.yaml', bytes }],
      message: 'Update\n',
      author: { name: 'Lockkeeper', email: 'bot@example.com' },
      time: new Date(),
    },
    signal,
  );
  console.log('push');
  await branch.push({ commit, parent }, signal);
  await branch.close();
}
