import { formatLocation } from '../../../src/domain/errors.ts';
import { parseResources } from '../../../src/domain/resources/parse-resources.ts';

/** Findings as a person sees them. */
export function complaints(text: string): string[] {
  return parseResources('a.yaml', text).findings.map(
    ({ at, message }) => `${at === undefined ? '' : formatLocation(at)}: ${message}`,
  );
}

export const policyHead = `apiVersion: lockkeeper.dev/v1alpha1
kind: ImagePolicy
metadata:
  name: podinfo
spec:
`;

/** A policy; the given lines follow `spec:`, so the first of them is line 6. */
export const policy = (spec: string) => `${policyHead}${spec}\n`;
export const image = '  image: ghcr.io/org/podinfo\n';
export const semver = '  policy: { semver: { range: "*" } }\n';
/** A valid policy with more lines, the first of which is line 8. */
export const more = (lines: string) => policy(`${image}${semver}${lines}`);
/** A policy whose rule is the given lines, the first of which is line 8. */
export const rule = (lines: string) => policy(`${image}  policy:\n${lines}`);

export const automationHead = `apiVersion: lockkeeper.dev/v1alpha1
kind: ImageUpdateAutomation
metadata: { name: apps }
spec:
  git:
    url: https://git.example.com/org/config
`;
/** A valid automation with more lines, the first of which is line 7. */
export const automation = (lines: string) => `${automationHead}${lines}\n`;
