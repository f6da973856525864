import { readFile } from 'node:fs/promises';
import { Command, Option } from 'commander';
import type { TagPolicy } from '../api/image-policy.ts';
import { AppError } from '../domain/errors.ts';
import { parseRepository } from '../domain/image-reference.ts';
import { createSelector } from '../domain/selection/create-selector.ts';
import type { ImageTimes } from '../domain/selection/image-times.ts';
import type { SelectionRules } from '../domain/selection/selector.ts';
import { oneLine } from '../domain/foreign-text.ts';
import { printJson, type Io, type Output } from './io.ts';
import { collect, outputOption, withExamples } from './options.ts';
import { withProgress } from './progress.ts';
import { registryWarnings } from './registry-warnings.ts';
import type { CommandContext } from './command.ts';
import { renderTable } from './table.ts';

/** As long as a scan may take by default (`spec.timeout`). */
const LIST_TIMEOUT_MS = 60_000;

interface SelectOptions {
  readonly image?: string;
  readonly tagsFrom?: string;
  readonly semver?: string;
  readonly numerical?: 'asc' | 'desc';
  readonly alphabetical?: 'asc' | 'desc';
  readonly newest?: true;
  readonly filter?: string;
  readonly extract?: string;
  readonly exclude?: readonly string[];
  readonly explain?: true;
  readonly insecure?: true;
  readonly caFile?: string;
  readonly output: Output;
}

/** `lockkeeper select`: what would a policy choose? */
export function selectCommand({ io, done }: CommandContext): Command {
  const command = new Command('select')
    .description('Print the tag that selection rules choose from a registry or a list.')
    .option('--image <repository>', 'repository whose tags are scanned')
    .option('--tags-from <file>', 'read tags from a file, one a line; "-" is standard input')
    .option('--semver <range>', 'the highest version in the range')
    .addOption(new Option('--numerical <order>', 'by number').choices(['asc', 'desc']))
    .addOption(new Option('--alphabetical <order>', 'by alphabet').choices(['asc', 'desc']))
    .option('--newest', 'by the time at which the image was built; with --image')
    .option('--filter <pattern>', 'RE2 pattern that tags must match')
    .option('--extract <template>', 'what is ordered instead of the tag, such as $ts')
    .option('--exclude <pattern>', 'RE2 pattern of tags never to choose (repeatable)', collect)
    .option('--explain', 'list every tag with its verdict')
    .option('--insecure', 'speak plain HTTP to the registry')
    .option('--ca-file <file>', 'PEM certificates to trust besides the system’s')
    .addOption(outputOption())
    .action(async (options: SelectOptions) => done(await select(io, options)));
  return withExamples(command, [
    'lockkeeper select --image ghcr.io/stefanprodan/podinfo --semver "^6.0.0"',
    "lockkeeper select --image example.com/app --filter '^main-[a-f0-9]+-(?P<ts>[0-9]+)$' --extract '$ts' --numerical asc",
    'git tag | lockkeeper select --tags-from - --semver "1.x" --explain',
  ]);
}

async function select(io: Io, options: SelectOptions): Promise<0 | 1> {
  const rules = rulesOf(options);
  // Bad rules are told before anything is asked for.
  createSelector(rules);
  const { tags, times } = await tagsOf(io, options, rules);
  const selector = createSelector(rules, times);
  if (options.output === 'text' && options.explain === undefined) {
    const selection = selector.select(tags);
    if (selection.kind === 'selected') io.out(`${selection.tag}\n`);
    else io.err(`${oneLine(selection.message)}\n`);
    return selection.kind === 'selected' ? 0 : 1;
  }
  const { selection, verdicts } = selector.explain(tags);
  const selected = selection.kind === 'selected' ? selection.tag : null;
  if (options.output === 'json') {
    printJson(io, {
      selected,
      ...(selection.kind === 'none' ? { message: selection.message } : {}),
      verdicts,
    });
  } else {
    const rows = verdicts.map(({ tag, verdict, reason }) => [tag, verdict, reason]);
    io.out(renderTable([['TAG', 'VERDICT', 'REASON'], ...rows]));
    if (selection.kind === 'none') io.err(`${oneLine(selection.message)}\n`);
  }
  return selected === null ? 1 : 0;
}

function rulesOf(options: SelectOptions): SelectionRules {
  const { filter, extract, exclude } = options;
  const policy = policyOf(options);
  if (policy.newest !== undefined && extract !== undefined) {
    throw new AppError('usage', '--newest orders by build time: leave --extract out');
  }
  if (extract !== undefined && filter === undefined) {
    throw new AppError('usage', '--extract needs --filter');
  }
  return {
    policy,
    filterTags: {
      ...(filter === undefined ? {} : { pattern: filter }),
      ...(extract === undefined ? {} : { extract }),
      ...(exclude === undefined ? {} : { exclude: [...exclude] }),
    },
  };
}

function policyOf({ semver, numerical, alphabetical, newest }: SelectOptions): TagPolicy {
  const policies: readonly TagPolicy[] = [
    semver === undefined ? [] : [{ semver: { range: semver } }],
    numerical === undefined ? [] : [{ numerical: { order: numerical } }],
    alphabetical === undefined ? [] : [{ alphabetical: { order: alphabetical } }],
    newest === undefined ? [] : [{ newest: {} }],
  ].flat();
  const [policy] = policies;
  if (policy !== undefined && policies.length === 1) return policy;
  throw new AppError(
    'usage',
    'give exactly one of --semver, --numerical, --alphabetical and --newest',
  );
}

/** What is chosen from. */
interface GivenTags {
  readonly tags: readonly string[];
  /** Only where the rules order by time. */
  readonly times?: ImageTimes;
}

async function tagsOf(io: Io, options: SelectOptions, rules: SelectionRules): Promise<GivenTags> {
  const { image, tagsFrom, newest } = options;
  if ((image === undefined) === (tagsFrom === undefined)) {
    throw new AppError('usage', 'give exactly one of --image and --tags-from');
  }
  if (image !== undefined) return tagsOfImage(io, image, options, rules);
  if (newest === true) throw new AppError('usage', '--newest asks a registry: give --image');
  const list = tagsFrom === '-' ? await io.stdin() : await readTags(tagsFrom ?? '');
  const tags = list
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '');
  return { tags };
}

async function tagsOfImage(
  io: Io,
  image: string,
  { caFile, insecure, newest }: SelectOptions,
  rules: SelectionRules,
): Promise<GivenTags> {
  const { compose } = await import('../compose/ports.ts');
  const { readConfig } = await import('../config.ts');
  const repository = parseRepository(image);
  const ports = await compose(readConfig(io.env), {
    ...registryWarnings(io),
    ...(caFile === undefined ? {} : { caFile }),
  });
  const access = { insecure: insecure ?? false, timeoutMs: LIST_TIMEOUT_MS };
  try {
    const list = await withProgress(io, `reading the tags of ${image}`, () =>
      ports.registry.listTags(repository, access, io.stop),
    );
    if (newest === undefined) return { tags: list.tags };
    const { timesOfTags } = await import('../app/scan/times-of-tags.ts');
    const times = await withProgress(io, `asking when the images of ${image} were built`, () =>
      timesOfTags(ports, { repository, access, list, rules }, io.stop),
    );
    return { tags: list.tags, times };
  } finally {
    await ports.close();
  }
}

async function readTags(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new AppError('usage', `cannot read the tags in ${path}`, { cause });
  }
}
