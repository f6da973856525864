import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { startBenchRepo, type BenchRepo, type Traffic } from './bench-repo.ts';
import { lockkeeper, shell } from './command.ts';
import { benchConfig, openController } from './controller.ts';
import type { Figures, Task } from './figures.ts';
import type { Scale } from './main.ts';
import { HUMAN_PATH } from './sample-files.ts';

const ENGINES = ['native', 'isomorphic'] as const;
type Engine = (typeof ENGINES)[number];

/** Commits by people that come between two updates at the most. */
const PUSHED_AT_ONCE = 100;

/** A repo of one size with all that its benches share. */
interface Bench {
  readonly figures: Figures;
  readonly scale: Scale;
  readonly size: number;
  readonly repo: BenchRepo;
  /** A person's shallow clone. */
  readonly clone: string;
}

/** What the Git server saw of a no-op and of an update, by engine, for every size. */
type Counts = Map<string, { readonly name: string; readonly traffic: Traffic }[]>;

/** Nothing to do, and one image to update, on remote repos: against `git` by hand. */
export async function benchRepos(figures: Figures, scale: Scale): Promise<void> {
  const counts: Counts = new Map();
  for (const size of scale.sizes) {
    const repo = await startBenchRepo(scale.folder, { files: size, commits: scale.commits });
    const clone = join(scale.folder, `clone-${size}`);
    try {
      await shell(`git clone --quiet --depth 1 ${repo.url} ${clone}`);
      for (const engine of ENGINES) {
        const bench = { figures, scale, size, repo, clone };
        repo.startAgain();
        await benchRunning(bench, engine, counts);
        await benchCommand(bench, engine);
      }
    } finally {
      await repo.close();
      for (const path of [clone, repo.remote.path]) rmSync(path, { recursive: true, force: true });
    }
  }
  for (const [group, lines] of counts) {
    for (const unit of ['requests', 'bytes'] as const) {
      const samples = lines.map(({ name, traffic }) => ({ name, samples: [traffic[unit]] }));
      figures.add(`${group}: ${unit}`, unit, samples);
    }
  }
}

/** The controller, which keeps the branch open. */
async function benchRunning(bench: Bench, engine: Engine, counts: Counts): Promise<void> {
  const { figures, scale, size, repo } = bench;
  const title = `${size} files, controller, ${engine}`;
  const cacheDir = join(scale.folder, `running-${engine}-${size}`);
  const controller = await openController(repo.url, benchConfig(cacheDir, engine));
  const count = async (what: string, work: () => Promise<unknown>) => {
    repo.traffic();
    await work();
    const group = `${what}, controller, ${engine}`;
    const lines = counts.get(group) ?? [];
    lines.push({ name: `${size} files`, traffic: repo.traffic() });
    counts.set(group, lines);
  };
  const update = async () => {
    if ((await controller.pass()) !== 1) throw new Error('one file was to change');
  };
  const release = () => {
    repo.registry.release('target');
    controller.makeScansDue();
  };
  try {
    await count('first pass, nothing to do', () => controller.pass());
    await count('nothing to do', () => controller.pass());
    await figures.time(`${title}: nothing to do`, scale.rounds, [
      lsRemote(bench),
      { name: 'pass', run: () => controller.pass() },
    ]);
    release();
    await count('first image, with a look for holds through history', update);
    await byHand(bench);
    release();
    await count('one image, after a commit by hand', update);
    repo.changeByPeople(PUSHED_AT_ONCE);
    release();
    await count(`one image, after ${PUSHED_AT_ONCE} commits by people`, update);
    await figures.time(`${title}: one image, after a commit by hand`, scale.rounds, [
      { name: 'git fetch, edit, commit, push', run: () => byHand(bench) },
      { name: 'pass', before: release, run: update },
    ]);
  } finally {
    await controller.close();
    rmSync(cacheDir, { recursive: true, force: true });
  }
}

/** `lockkeeper update --repo`, with what the last run left behind and without. */
async function benchCommand(bench: Bench, engine: Engine): Promise<void> {
  const { figures, scale, size, repo } = bench;
  const title = `${size} files, update --repo, ${engine}`;
  const cacheDir = join(scale.folder, `command-${engine}-${size}`);
  const forget = () => rmSync(cacheDir, { recursive: true, force: true });
  const update = async (wanted: 'updated' | 'up to date') => {
    const args = ['update', '--repo', repo.url, '--git-engine', engine, '--output', 'json'];
    const output = await lockkeeper(args, { env: { LOCKKEEPER_CACHE_DIR: cacheDir } });
    const { changes } = JSON.parse(output) as { changes: readonly unknown[] };
    if (changes.length !== (wanted === 'updated' ? 1 : 0)) throw new Error(output);
  };
  const release = () => void repo.registry.release('target');
  await update('up to date');
  await figures.time(`${title}, warm: nothing to do`, scale.rounds, [
    lsRemote(bench),
    { name: 'command', run: () => update('up to date') },
  ]);
  await figures.time(`${title}, warm: one image, after a commit by hand`, scale.rounds, [
    { name: 'git fetch, edit, commit, push', run: () => byHand(bench) },
    { name: 'command', before: release, run: () => update('updated') },
  ]);
  const fresh = `${bench.clone}-fresh`;
  await figures.time(`${title}, cold: one image`, Math.min(scale.rounds, 3), [
    {
      name: 'git clone, edit, commit, push',
      run: async () => {
        await shell(`git clone --quiet --depth 1 ${repo.url} ${fresh}`);
        await byHand({ ...bench, clone: fresh });
        rmSync(fresh, { recursive: true });
      },
    },
    {
      name: 'command',
      before: () => {
        forget();
        release();
      },
      run: () => update('updated'),
    },
  ]);
  forget();
}

function lsRemote({ repo }: Bench): Task {
  return {
    name: 'git ls-remote',
    run: () => shell(`git ls-remote ${repo.url} refs/heads/main`),
  };
}

/** What a person does in a clone at hand to change one value on the newest state. */
function byHand({ clone }: Pick<Bench, 'clone'>): Promise<string> {
  return shell(
    `git fetch --quiet --depth 1 origin main
     git reset --quiet --hard FETCH_HEAD
     n=$(sed -n 's/.*n: "\\([0-9]*\\)".*/\\1/p' ${HUMAN_PATH})
     sed -i "s/n: \\"$n\\"/n: \\"$((n + 1))\\"/" ${HUMAN_PATH}
     git commit --quiet --all --message 'change one value'
     git push --quiet origin HEAD:main`,
    { cwd: clone },
  );
}
