import { formatLocation, type AppError, type Finding, type Location } from '../domain/errors.ts';
import { oneLine } from '../domain/foreign-text.ts';

/** The process around a command, so that tests can be one. */
export interface Io {
  /** Results. */
  readonly out: (text: string) => void;
  /** Everything else: progress, warnings, errors. */
  readonly err: (text: string) => void;
  readonly stdin: () => Promise<string>;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** May results carry colours? */
  readonly colors: boolean;
  /** Is someone watching stderr? Then long work shows progress. */
  readonly interactive: boolean;
  /** Fires when the user wants to stop. */
  readonly stop: AbortSignal;
}

/** How `-o` may be given. */
export const OUTPUTS = ['text', 'json'] as const;

export type Output = (typeof OUTPUTS)[number];

/** One JSON document on stdout. */
export function printJson(io: Io, value: unknown): void {
  io.out(`${JSON.stringify(value, null, 2)}\n`);
}

/** `path:line:col: error: message`, one line each, errors last where they are not scrolled away. */
export function printFindings(io: Io, findings: readonly Finding[]): void {
  const rank = (finding: Finding) => (finding.severity === 'error' ? 1 : 0);
  for (const finding of findings.toSorted((a, b) => rank(a) - rank(b))) {
    io.err(placed(finding.at, finding.severity, finding.message));
  }
}

/** The one line that ends a failed command. */
export function printError(io: Io, error: AppError): void {
  io.err(placed(error.at, 'error', error.message));
}

/** One line with the place in front. */
function placed(at: Location | undefined, severity: string, message: string): string {
  const place = at === undefined ? '' : `${oneLine(formatLocation(at))}: `;
  return `${place}${severity}: ${oneLine(message)}\n`;
}

/** Does any finding make the command fail? */
export function hasErrors(findings: readonly Finding[]): boolean {
  return findings.some((finding) => finding.severity === 'error');
}
