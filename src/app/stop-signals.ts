/** `stop`: begin nothing new and end what is under way. `abort`: let go of that too. */
export interface StopSignals {
  readonly stop: AbortSignal;
  readonly abort: AbortSignal;
}
