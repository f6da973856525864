import type { ImageUpdateAutomationSpec } from '../api/image-update-automation.ts';
import { toSeconds } from '../api/conditions.ts';
import type { Wait } from './plan/waiting.ts';
import { earliest, parseDuration } from './schedule.ts';
import { hash32 } from './text-hash.ts';

/** First time after another at which a cron expression fires in an IANA time zone. */
export type NextTime = (expression: string, timeZone: string, after: Date) => Date;

type Windows = NonNullable<ImageUpdateAutomationSpec['windows']>;
type Window = NonNullable<Windows['allow']>[number];

/** Windows that overlap for longer than this many starts are looked at again then. */
const MAX_OVERLAPPING_STARTS = 25;

/** Ends and beginnings that are looked through for the next opening before it counts as unknown. */
const MAX_STEPS = 32;

/** Automations begin within this time after an opening, each at its own moment. In ms. */
const MAX_OPENING_DELAY_MS = 30_000;

/** May commits be made, and until when is that so? */
export interface WindowState {
  readonly open: boolean;
  /** Which window decides; the same as long as nothing changes. */
  readonly reason: string;
  /** When commits may next be made; absent while they may, and where that is not known. */
  readonly nextOpen?: Date;
  /** When this is to be looked at again; absent: never. */
  readonly nextChange?: Date;
}

/**
 * The state of an automation's windows: open unless a `deny` window is active, and, where there are any,
 * only while an `allow` window is. A window is active from each time of its cron expression for its
 * duration, which is time that passes: a change of the clock does not alter it.
 */
export function windowState(windows: Windows, now: Date, nextTime: NextTime): WindowState {
  const look = stateAt(windows, now, nextTime);
  const { isEndless: _, ...state } = look;
  if (state.open) return state;
  let { nextChange, isEndless } = look;
  for (let step = 0; step < MAX_STEPS && nextChange !== undefined && !isEndless; step += 1) {
    const then = stateAt(windows, nextChange, nextTime);
    if (then.open) return { ...state, nextOpen: nextChange, nextChange };
    ({ nextChange, isEndless } = then);
  }
  return state;
}

/** How long after an opening an automation begins, so that many do not push at the same moment. Always the same. */
export function openingDelayMs(automation: string): number {
  return hash32(automation) % MAX_OPENING_DELAY_MS;
}

/** What keeps changes waiting while windows are closed. */
export function closedWait({ reason, nextOpen }: WindowState): Wait {
  const until = nextOpen === undefined ? '' : `until ${toSeconds(nextOpen)} `;
  return { reason: 'WindowClosed', text: `${until}(${reason})` };
}

/** A state, and whether no end of it is in sight. */
interface Look extends WindowState {
  readonly isEndless: boolean;
}

function stateAt({ allow = [], deny = [] }: Windows, now: Date, nextTime: NextTime): Look {
  const denied = deny.map((window) => phaseOf(window, now, nextTime));
  const index = denied.findIndex(({ active }) => active);
  const [denier, denying] = [deny[index], denied[index]];
  if (denier !== undefined && denying !== undefined) {
    return {
      open: false,
      reason: activeText(`deny[${index}]`, denier, denying),
      nextChange: denying.end,
      isEndless: denying.isOpenEnded,
    };
  }
  const denial = earliest(...denied.map(({ end }) => end));
  if (allow.length === 0) {
    return {
      open: true,
      reason: 'no deny window is active',
      ...changeAt(denial),
      isEndless: false,
    };
  }
  const allowed = allow.map((window) => phaseOf(window, now, nextTime));
  const which = allowed.findIndex(({ active }) => active);
  const [allower, allowing] = [allow[which], allowed[which]];
  if (allower === undefined || allowing === undefined) {
    const opening = earliest(...allowed.map(({ end }) => end));
    return {
      open: false,
      reason: 'no allow window is active',
      ...changeAt(opening),
      isEndless: false,
    };
  }
  return {
    open: true,
    reason: activeText(`allow[${which}]`, allower, allowing),
    ...changeAt(earliest(allowing.end, denial)),
    isEndless: false,
  };
}

/** Active until its end, or not active until then. */
interface Phase {
  readonly active: boolean;
  readonly end: Date;
  /** Has the end not been found, but only looked for until then? */
  readonly isOpenEnded: boolean;
}

function phaseOf({ cron, duration, timeZone }: Window, now: Date, nextTime: NextTime): Phase {
  const lengthMs = parseDuration(duration);
  const next = (after: number) => nextTime(cron, timeZone, new Date(after)).getTime();
  // A start counts as long as its duration has not passed.
  let start = next(now.getTime() - lengthMs);
  if (start > now.getTime()) return { active: false, end: new Date(start), isOpenEnded: false };
  for (let count = 0; count < MAX_OVERLAPPING_STARTS; count += 1) {
    const following = next(start);
    const end = start + lengthMs;
    if (following > end) return { active: true, end: new Date(end), isOpenEnded: false };
    start = following;
  }
  return { active: true, end: new Date(start + lengthMs), isOpenEnded: true };
}

function activeText(name: string, { cron, duration, timeZone }: Window, phase: Phase): string {
  const until = phase.isOpenEnded ? '' : ` until ${toSeconds(phase.end)}`;
  return `windows.${name} (${cron}, ${duration}, ${timeZone}) is active${until}`;
}

function changeAt(time: Date | undefined): { readonly nextChange?: Date } {
  return time === undefined ? {} : { nextChange: time };
}
