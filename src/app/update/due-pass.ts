import {
  batchAfter,
  batchAt,
  waitOf,
  type Batch,
  type BatchOutcome,
} from '../../domain/batch-window.ts';
import type { PushPlan } from '../../domain/branches/destination.ts';
import type { Decision } from '../../domain/plan/decide-slot.ts';
import { earliest } from '../../domain/schedule.ts';
import { linesTo } from '../branches/commit-lines.ts';
import type { PassLines, PassOnBranch } from '../branches/pass-on-branch.ts';
import type { Batches, BatchSite } from './batches.ts';
import {
  closedWindow,
  editPass,
  type PlannedPass,
  type Waiting,
  type WishedPass,
} from './update-pass.ts';

/** Where the changes of a pass go. */
export interface Destination extends Omit<PassOnBranch, 'pass' | 'wait'> {
  readonly push: PushPlan;
}

/** What is written of a pass now. */
export interface DuePass {
  readonly pass: PlannedPass;
  readonly lines: PassLines;
  /** The batch that is open once the lines are pushed; undefined: none is. */
  readonly batch: Batch | undefined;
}

/** The batch that new changes of a pass would belong to. */
export interface PassBatch {
  readonly batch: Batch;
  /** When the open one began; undefined: none is open. */
  readonly before: Date | undefined;
  /** A person asks: it does not count. */
  readonly isAsked: boolean;
}

/** The batch for a pass; undefined where its automation collects no changes. */
export async function batchFor(
  batches: Batches | undefined,
  { frame: { automation }, now }: WishedPass,
  repo: string,
): Promise<(PassBatch & { readonly site: BatchSite }) | undefined> {
  const window = automation?.spec.batchWindow;
  if (batches === undefined || automation === undefined || window === undefined) return undefined;
  const site = { automation: `${automation.metadata.namespace}/${automation.metadata.name}`, repo };
  const before = await batches.since(site);
  const isAsked = batches.isAsked(site.automation);
  return { site, batch: batchAt(window, before, now), before, isAsked };
}

/** Decides what of a pass is written now: what neither a closed window nor a batch keeps waiting. */
export async function duePass(
  wished: WishedPass,
  to: Destination,
  given: PassBatch | undefined,
  signal: AbortSignal,
): Promise<DuePass> {
  const closed = closedWindow(wished);
  return closed === undefined
    ? passWhileOpen(wished, to, given, signal)
    : passWhileClosed(wished, closed, { to, given }, signal);
}

async function passWhileOpen(
  wished: WishedPass,
  { push, ...on }: Destination,
  given: PassBatch | undefined,
  signal: AbortSignal,
): Promise<DuePass> {
  const wait = given === undefined || given.isAsked ? undefined : waitOf(given.batch, wished.now);
  const pass = await editPass(wished, undefined, signal);
  const lines = await linesTo(push, { ...on, pass, wait }, signal);
  if (given === undefined) return { pass, lines, batch: undefined };
  const news = new Set(lines.news);
  if (wait === undefined || news.size === 0) {
    const batch = batchThen(given, wished, news.size === 0 ? 'none' : 'written');
    return { pass, lines, batch };
  }
  const waiting = { wait, which: (decision: Decision) => news.has(decision) };
  const without = await editPass(wished, waiting, signal);
  const nextChange = earliest(without.nextChange, given.batch.until);
  const batch = batchThen(given, wished, 'waiting');
  return { pass: { ...without, nextChange }, lines, batch };
}

/** A batch goes on meanwhile: what is new shows by what would be written if the window were open. */
async function passWhileClosed(
  wished: WishedPass,
  closed: Waiting,
  { to, given }: { readonly to: Destination; readonly given: PassBatch | undefined },
  signal: AbortSignal,
): Promise<DuePass> {
  const { push, ...on } = to;
  const pass = await editPass(wished, closed, signal);
  const lines = await linesTo(push, { ...on, pass }, signal);
  if (given === undefined) return { pass, lines, batch: undefined };
  const open = await editPass(wished, undefined, signal);
  const { news } = await linesTo(push, { ...on, pass: open }, signal);
  return { pass, lines, batch: batchThen(given, wished, news.length === 0 ? 'none' : 'waiting') };
}

function batchThen(
  { batch, before }: PassBatch,
  { plan }: WishedPass,
  outcome: BatchOutcome,
): Batch | undefined {
  const isUncertain = plan.decisions.some(({ reason }) => reason === 'ScanFailed');
  return batchAfter(batch, before, outcome === 'none' && isUncertain ? 'unknown' : outcome);
}
