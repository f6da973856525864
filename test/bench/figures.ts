import { performance } from 'node:perf_hooks';

/** One line of the table. */
export interface Figure {
  readonly group: string;
  readonly name: string;
  readonly unit: 'ms' | 'requests' | 'bytes' | 'MiB';
  readonly median: number;
  readonly min: number;
  readonly max: number;
  /** Against the group's floor, its first line; of the least samples, which other work disturbs least. */
  readonly ratio: number;
}

/** Something to be timed. `before` is not part of it. */
export interface Task {
  readonly name: string;
  readonly before?: () => void | Promise<void>;
  readonly run: () => unknown;
}

/** Collects figures and prints each group as soon as it is known. */
export class Figures {
  readonly all: Figure[] = [];
  readonly #print: (line: string) => void;

  constructor(print: (line: string) => void) {
    this.#print = print;
  }

  /**
   * Times tasks in turns, so that a busy machine slows them alike. The first is the floor that the
   * others are held against.
   */
  async time(group: string, rounds: number, tasks: readonly Task[]): Promise<void> {
    const samples = tasks.map((): number[] => []);
    for (let round = 0; round < rounds; round += 1) {
      for (const [index, task] of tasks.entries()) {
        await task.before?.();
        const started = performance.now();
        await task.run();
        samples[index]?.push(performance.now() - started);
      }
    }
    this.add(
      group,
      'ms',
      tasks.map(({ name }, index) => ({ name, samples: samples[index] ?? [] })),
    );
  }

  /** Adds what was counted or measured elsewhere. */
  add(
    group: string,
    unit: Figure['unit'],
    lines: readonly { readonly name: string; readonly samples: readonly number[] }[],
  ): void {
    const floor = Math.min(...(lines[0]?.samples ?? []));
    const figures = lines.map(({ name, samples }) => ({
      group,
      name,
      unit,
      median: median(samples),
      min: Math.min(...samples),
      max: Math.max(...samples),
      ratio: Math.min(...samples) / floor,
    }));
    this.all.push(...figures);
    this.#print(`\n${group}\n${figures.map(line).join('\n')}`);
  }
}

function median(samples: readonly number[]): number {
  const sorted = samples.toSorted((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)] ?? 0;
  const lower = sorted[Math.ceil(sorted.length / 2) - 1] ?? 0;
  return (lower + upper) / 2;
}

function line({ name, unit, median: middle, min, max, ratio }: Figure): string {
  const [m, low, high] = [middle, min, max].map((value) => short(value).padStart(9));
  return `  ${name.padEnd(44)}${m} ${unit.padEnd(8)} (min${low}, max${high})  ${short(ratio)}x`;
}

/** Three digits that count; more would be noise. */
function short(value: number): string {
  return value >= 100 ? String(Math.round(value)) : value.toPrecision(3);
}
