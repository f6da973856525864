/**
 * Names this process, for what it may leave behind when it is killed: its id, and its start in ms,
 * since in a container every process has the same id.
 */
export function ownMark(): string {
  return `${process.pid}-${Math.round(performance.timeOrigin)}`;
}

/** Has the process that made this mark ended? */
export function isGone(mark: string): boolean {
  if (mark === ownMark()) return false;
  const pid = Number.parseInt(mark, 10);
  return pid === process.pid || !isAlive(pid);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
