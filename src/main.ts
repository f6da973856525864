import { text } from 'node:stream/consumers';
import { runCli } from './cli/program.ts';

const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  // The first asks to stop; the next one is the system's own, and ends the process at once.
  process.once(signal, () => stop.abort());
}
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // `lockkeeper select … | head -1` closes our stdout: that is no failure; a full disk is one.
  if (error.code === 'EPIPE') process.exit(0);
  process.stderr.write(`error: cannot write the output: ${error.message}\n`);
  process.exit(1);
});

const { NO_COLOR } = process.env;
process.exitCode = await runCli(process.argv.slice(2), {
  out: (output) => void process.stdout.write(output),
  err: (output) => void process.stderr.write(output),
  stdin: () => text(process.stdin),
  env: process.env,
  colors: process.stdout.isTTY && (NO_COLOR === undefined || NO_COLOR === ''),
  interactive: process.stderr.isTTY,
  stop: stop.signal,
});
