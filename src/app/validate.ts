import { AppError, findingOf, type Finding } from '../domain/errors.ts';
import {
  decodeManifest,
  isManifestPath,
  MAX_MANIFEST_BYTES,
  MAX_SEARCHED_BYTES,
} from '../domain/manifest/decode.ts';
import type { ImageField } from '../domain/manifest/image-field.ts';
import { locateFields } from '../domain/manifest/locate-fields.ts';
import { MARKER_KEY } from '../domain/manifest/marker.ts';
import { assignFields } from '../domain/plan/image-slot.ts';
import { policyKey } from '../domain/plan/policy-view.ts';
import { grantFindings } from '../domain/resources/grant-findings.ts';
import {
  mergeResources,
  NO_RESOURCES,
  policiesOf,
  type Resources,
} from '../domain/resources/merge-resources.ts';
import { promotionFindings } from '../domain/promotion/promotion-fault.ts';
import { parseResources, type ParsedResources } from '../domain/resources/parse-resources.ts';
import { isInside } from '../domain/repo-path.ts';
import type { FileSource } from '../ports/files.ts';
import { interestOf, isOurs } from './read/parse-file.ts';
import { tooLarge, unreadableEntries } from './read/unreadable-files.ts';

/** One file with both ways of looking for fields. */
interface CheckedFile {
  readonly marked: readonly ImageField[];
  readonly images: readonly ImageField[];
  readonly resources: ParsedResources;
}

/**
 * Every fault of a folder's manifests and resources, by path and line. Unlike an update, it reads
 * every file, and a marker for a policy that is not there is a fault.
 * @param policies folders with resources besides those in the source
 */
export async function validate(
  source: FileSource,
  policies: readonly FileSource[],
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  const entries = (await source.list(signal)).filter(({ path }) => isManifestPath(path));
  findings.push(...(await unreadableEntries(source, entries, signal)));
  const files = await checkFiles(source, findings, signal);
  const others = await Promise.all(policies.map((folder) => checkFiles(folder, findings, signal)));
  const given = others.flat().map(resourcesOf);
  const own = files.map(resourcesOf);
  // As in an update: policies that were given are all there are, and a repo may hold those of several clusters.
  const resources = mergeResources(NO_RESOURCES, policies.length > 0 ? given : own);
  findings.push(
    ...resources.findings,
    ...(policies.length > 0 ? own.flatMap((file) => file.findings) : []),
    ...claims(resources, files),
    ...(isComplete(resources) ? promotionFindings(resources.policies) : []),
  );
  return distinct(findings).toSorted(byPlace);
}

/** Folders of policies are often within the one that is looked at. */
function distinct(findings: readonly Finding[]): readonly Finding[] {
  return [...new Map(findings.map((finding) => [JSON.stringify(finding), finding])).values()];
}

async function checkFiles(
  source: FileSource,
  findings: Finding[],
  signal: AbortSignal,
): Promise<readonly CheckedFile[]> {
  const entries = (await source.list(signal)).filter(
    ({ path, kind }) => kind === 'file' && isManifestPath(path),
  );
  const files: CheckedFile[] = [];
  for await (const { entry, bytes } of source.read(entries, MAX_SEARCHED_BYTES, signal)) {
    if (bytes === undefined) {
      findings.push(tooLarge(entry.path));
      continue;
    }
    if (bytes.length > MAX_MANIFEST_BYTES && !isOurs(interestOf(bytes))) continue;
    try {
      files.push(checkFile(entry.path, decodeManifest(entry.path, bytes), findings));
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      findings.push(findingOf(error, error.at ?? { path: entry.path }));
    }
  }
  return files;
}

function checkFile(path: string, text: string, findings: Finding[]): CheckedFile {
  const marked = locateFields(path, text, 'Setters');
  const images = locateFields(path, text, 'Images');
  const resources = parseResources(path, text);
  // That a file of resources does not parse is among their findings: once is enough.
  const others = marked.findings.filter(
    ({ code }) => !resources.findings.some((finding) => finding.code === code),
  );
  findings.push(...others.map((finding) => gradeFinding(finding, text)));
  return { marked: marked.fields, images: images.fields, resources };
}

function resourcesOf(file: CheckedFile): ParsedResources {
  return file.resources;
}

/**
 * A marker that belongs to no field is a fault here, where an update only mentions it. A chart's
 * template is no YAML until it is rendered: worth a word, and a fault only where a marker asks for more.
 */
function gradeFinding(finding: Finding, text: string): Finding {
  if (finding.code === 'marker/dangling') return { ...finding, severity: 'error' };
  if (finding.code !== 'manifest/unparsable' || !text.includes('{{')) return finding;
  return {
    ...finding,
    severity: text.includes(MARKER_KEY) ? finding.severity : 'warning',
    message: `${finding.message} (it looks like a template; its fields cannot be updated)`,
  };
}

/** Fields that name no policy, or one that may not be used, or that several claim, as each automation would see them. */
function claims(resources: Resources, files: readonly CheckedFile[]): readonly Finding[] {
  const known = new Set(resources.policies.keys());
  const marked = isComplete(resources) ? files.flatMap((file) => file.marked) : [];
  const all = viewsOf([...resources.policies.values()]);
  const dangling = assignFields(marked, all, known).findings.map((finding): Finding => ({
    ...finding,
    severity: 'error',
  }));
  const twice = [...resources.automations.values()]
    .filter(({ spec }) => spec.update?.strategy === 'Images')
    .flatMap((automation) => {
      const paths = automation.spec.update?.paths ?? [];
      const fields = files
        .flatMap((file) => file.images)
        .filter((field) => field.marker === undefined && isInside(field.at.path, paths));
      return assignFields(fields, viewsOf(policiesOf(automation, resources)), known).findings;
    });
  return [...dangling, ...grantFindings(marked, resources), ...twice];
}

/** A policy that is there but invalid is no unknown one: whatever names it is judged once it is mended. */
function isComplete({ findings }: Resources): boolean {
  return !findings.some(({ severity }) => severity === 'error');
}

function viewsOf(policies: ReturnType<typeof policiesOf>) {
  return new Map(policies.map((policy) => [policyKey(policy), { policy }]));
}

function byPlace(a: Finding, b: Finding): number {
  const [pathA, pathB] = [a.at?.path ?? '', b.at?.path ?? ''];
  if (pathA !== pathB) return pathA < pathB ? -1 : 1;
  return (a.at?.line ?? 0) - (b.at?.line ?? 0);
}
