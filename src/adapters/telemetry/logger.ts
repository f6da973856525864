import { destination, pino, type Logger } from 'pino';

export type { Logger };

/** Levels that `--log-level` takes. */
export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;

export type LogLevel = (typeof LOG_LEVELS)[number];

/**
 * JSON lines on stderr: a constant message, facts as fields. Fields that could hold a login are
 * removed by name, as a second line of defence: nothing should put one there.
 */
export function createLogger(level: LogLevel): Logger {
  const secret = [
    'password',
    'token',
    'bearerToken',
    'authorization',
    'dockerConfigs',
    'basic',
    'login',
    'clientCertificate',
  ];
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: secret.flatMap((key) => [key, `*.${key}`]), censor: '[redacted]' },
    },
    destination({ fd: 2, sync: true }),
  );
}
