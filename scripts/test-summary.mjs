/**
 * Prints what vitest's JSON reports say: a line for each report, then, alone on the last line, the sum
 * as `N passed, N failed, N skipped`. A report that is not there counts nothing.
 *
 *     node scripts/test-summary.mjs LABEL=REPORT.json ...
 */
import { existsSync, readFileSync } from 'node:fs';

const line = ({ passed, failed, skipped }) =>
  `${passed} passed, ${failed} failed, ${skipped} skipped`;

const total = { passed: 0, failed: 0, skipped: 0 };
for (const argument of process.argv.slice(2)) {
  const [label, path] = argument.split('=');
  if (!existsSync(path)) {
    console.log(`${label}: no tests ran`);
    continue;
  }
  const counts = read(path);
  console.log(`${label}: ${line(counts)}`);
  for (const key of Object.keys(total)) total[key] += counts[key];
}
console.log(line(total));

/** A test file that could not even be loaded has no tests to count: it counts as one that failed. */
function read(path) {
  const report = JSON.parse(readFileSync(path, 'utf8'));
  const broken = report.testResults.filter(
    (file) => file.status === 'failed' && file.assertionResults.length === 0,
  );
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + broken.length,
    skipped: report.numPendingTests + report.numTodoTests,
  };
}
