import type {
  ImageVersion,
  Open,
  PassedOver,
  Waiting,
} from '../../../domain/gates/gate-verdict.ts';
import type { Candidate, Gate } from './gate.ts';

/**
 * Candidates that gates may close on in one walk: each cost requests. Waiting ones do not count, or a
 * repository with many pushes within the minimum age would never get to one that is old enough.
 */
const MAX_CLOSED = 20;

/** Candidates passed over in one walk, whatever the reason. */
const MAX_PASSED_OVER = 1_000;

/** How a walk over candidates ended. */
export interface Walk {
  /** The candidate that all gates let through, and what of it may be written. */
  readonly through?: { readonly candidate: Candidate; readonly version: ImageVersion };
  /** Newer ones that a gate did not let through, newest first. */
  readonly passedOver: readonly PassedOver[];
  /** Were there more, which nobody asked about? */
  readonly isCut: boolean;
}

/**
 * Asks the gates about one candidate after the other, newest first, until one is let through.
 * @throws whatever a gate throws: a candidate that cannot be judged ends the walk
 */
export async function walkCandidates(
  candidates: Iterable<Candidate>,
  gates: readonly Gate[],
  signal: AbortSignal,
): Promise<Walk> {
  const passedOver: PassedOver[] = [];
  let closed = 0;
  for (const candidate of candidates) {
    if (closed >= MAX_CLOSED || passedOver.length >= MAX_PASSED_OVER) {
      return { passedOver, isCut: true };
    }
    const { tag } = candidate;
    const { judged, verdict, later, isFree } = await askAll(candidate, gates, signal);
    if (verdict === undefined) {
      if (later !== undefined) passedOver.push({ tag, verdict: { ...later, meanwhile: { tag } } });
      return { through: { candidate: judged, version: { tag } }, passedOver, isCut: false };
    }
    passedOver.push({ tag, verdict });
    if (verdict.kind === 'closed') closed += isFree ? 0 : 1;
    else if (verdict.meanwhile !== undefined) {
      const through = { candidate, version: verdict.meanwhile };
      return { through, passedOver, isCut: false };
    }
  }
  return { passedOver, isCut: false };
}

/** What all gates made of a candidate. */
interface Answer {
  /** As the last gate was asked about it. */
  readonly judged: Candidate;
  /** The first objection; absent: all let it through. */
  readonly verdict?: PassedOver['verdict'];
  /** Where all let it through: what of its tag may be chosen later. */
  readonly later?: Waiting | undefined;
  /** Did that cost nothing? */
  readonly isFree: boolean;
}

async function askAll(
  candidate: Candidate,
  gates: readonly Gate[],
  signal: AbortSignal,
): Promise<Answer> {
  let judged = candidate;
  let later: Waiting | undefined;
  for (const gate of gates) {
    const verdict = await gate.ask(judged, signal);
    const isFree = gate.isFree === true;
    if (verdict.kind !== 'open') return { judged, verdict, isFree };
    judged = narrowed(judged, verdict);
    later ??= verdict.later;
  }
  return { judged, later, isFree: true };
}

/** From the gate on that named a digest, the candidate is that image. */
function narrowed(candidate: Candidate, { digest }: Open): Candidate {
  return digest === undefined ? candidate : { ...candidate, digest: async () => digest };
}
