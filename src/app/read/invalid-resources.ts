import { AppError, type Finding } from '../../domain/errors.ts';

/** Invalid input stops everything before it starts: a half-understood policy could do anything. */
export function rejectInvalid(findings: readonly Finding[]): void {
  const [first, ...others] = findings.filter((finding) => finding.severity === 'error');
  if (first === undefined) return;
  throw new InvalidResources([first, ...others]);
}

/** Every problem of the resources at once. */
export class InvalidResources extends AppError {
  readonly findings: readonly Finding[];

  constructor(findings: readonly [Finding, ...Finding[]]) {
    const [{ message, at }, ...others] = findings;
    const more = others.length === 0 ? '' : ` (and ${others.length} more)`;
    super('resource/invalid', `${message}${more}`, at === undefined ? {} : { at });
    this.findings = findings;
  }
}
