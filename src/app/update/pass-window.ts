import type { ImageUpdateAutomation } from '../../api/image-update-automation.ts';
import { openingDelayMs, windowState, type WindowState } from '../../domain/write-windows.ts';
import type { CronTimes } from '../../ports/ports.ts';

/** The state of an automation's windows for a pass; undefined where it has none. */
export function passWindow(
  automation: ImageUpdateAutomation | undefined,
  now: Date,
  cron: CronTimes,
): WindowState | undefined {
  const windows = automation?.spec.windows;
  if (automation === undefined || windows === undefined) return undefined;
  const state = windowState(windows, now, (...time) => cron.next(...time));
  if (state.nextOpen === undefined) return state;
  const { namespace, name } = automation.metadata;
  const delayMs = openingDelayMs(`${namespace}/${name}`);
  return { ...state, nextChange: new Date(state.nextOpen.getTime() + delayMs) };
}
