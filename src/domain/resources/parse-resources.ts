import { isMap, isSeq, type YAMLMap } from 'yaml';
import { GROUP, VERSION } from '../../api/crd.ts';
import type { ImagePolicy } from '../../api/image-policy.ts';
import type { ImageReceiver } from '../../api/image-receiver.ts';
import type { ImageUpdateAutomation } from '../../api/image-update-automation.ts';
import { AppError, type Finding, type Location } from '../errors.ts';
import { parseManifest, type Manifest } from '../manifest/parse-manifest.ts';
import { lookUp, resolved, textAt } from '../manifest/yaml-lookup.ts';
import { spanOf } from '../manifest/yaml-tree.ts';
import { attempt } from './attempt.ts';
import { isResourceKind, RESOURCE_KINDS } from './check-resource.ts';
import { FLUX_KIND_MENDS } from './flux-fields.ts';
import { readResource, type ReadResource } from './read-resource.ts';
import { suggestion } from './suggestion.ts';

/** A resource with the place of its document, or of its entry in a `kind: List`. */
export type Loaded<T> = T & { readonly at: Location };

/** The resources of one file. Those with an error are not among them. */
export interface ParsedResources {
  readonly policies: readonly Loaded<ImagePolicy>[];
  readonly receivers: readonly Loaded<ImageReceiver>[];
  readonly automations: readonly Loaded<ImageUpdateAutomation>[];
  /** Everything that is wrong, at once, in file order. */
  readonly findings: readonly Finding[];
}

/**
 * The resources of our group in a YAML file: any number of documents, and lists of them. Other kinds
 * are none of our business. Never throws: what is wrong is a finding with line and column.
 * @param text of a file whose size the caller has bounded
 */
export function parseResources(path: string, text: string): ParsedResources {
  const manifest = attempt(() => parseManifest(path, text));
  if (manifest instanceof AppError) {
    const findings = claimsOurGroup(text) ? [unparsable(path, text, manifest)] : [];
    return { policies: [], receivers: [], automations: [], findings };
  }
  const resources = manifest.documents
    .flatMap(({ contents }) => resourceMaps(manifest, contents, new Set()))
    .map((map) => parseResource(manifest, map));
  const findings = resources.flatMap((resource) => resource.findings);
  const template = findings.length === 0 ? undefined : templateAction(manifest);
  const valid = resources.flatMap(({ resource }) => resource ?? []);
  return {
    policies: valid.filter((resource) => resource.kind === 'ImagePolicy'),
    receivers: valid.filter((resource) => resource.kind === 'ImageReceiver'),
    automations: valid.filter((resource) => resource.kind === 'ImageUpdateAutomation'),
    findings: template === undefined ? findings : [templateFinding(template)],
  };
}

/** Of a template, one warning; of anything else the error. */
function unparsable(path: string, text: string, error: AppError): Finding {
  const { code, message, at = { path } } = error;
  const line = at.line ?? 1;
  // A parser stumbles over `{{ if … }}` on its line or on the next.
  const around = text.split('\n').slice(Math.max(0, line - 2), line);
  if (around.some((content) => content.includes('{{'))) return templateFinding(at);
  return { severity: 'error', code, message, at };
}

/** `{{ … }}` where YAML sees a map as the key of a map. */
function templateAction(manifest: Manifest): Location | undefined {
  const starts = manifest.entries
    .filter(({ role, node }) => role === 'key' && isMap(node))
    .map(({ node }) => spanOf(node).start);
  const start = starts.find((offset) => manifest.text.startsWith('{{', offset - 1));
  return start === undefined ? undefined : manifest.locate(start - 1);
}

/** A Helm chart's template is nobody's mistake, but it cannot be read: a warning instead of errors. */
function templateFinding(at: Location): Finding {
  return {
    severity: 'warning',
    code: 'resource/invalid',
    message: 'a template ("{{") is not read; its resources do not count until they are rendered',
    at,
  };
}

/** Does a text that is not YAML mean to hold our resources? An annotation of ours is not one. */
function claimsOurGroup(text: string): boolean {
  return /^\s*(- )?["']?apiVersion["']?\s*:\s*["']?lockkeeper\.dev\//m.test(text);
}

/** The resources of a document, lists unfolded; each once, however many aliases lead to it. */
function resourceMaps(manifest: Manifest, node: unknown, seen: Set<YAMLMap>): readonly YAMLMap[] {
  const map = resolved(manifest, node);
  if (!isMap(map) || seen.has(map)) return [];
  seen.add(map);
  const items =
    textAt(manifest, map, 'kind')?.endsWith('List') === true
      ? lookUp(manifest, map, 'items')
      : undefined;
  if (!isSeq(items)) return [map];
  return items.items.flatMap((item) => resourceMaps(manifest, item, seen));
}

/** A resource of our group; nothing at all where the map is of another. */
function parseResource(manifest: Manifest, map: YAMLMap): ReadResource {
  const apiVersion = textAt(manifest, map, 'apiVersion');
  if (apiVersion?.split('/')[0] !== GROUP) return { findings: [] };
  const kind = textAt(manifest, map, 'kind') ?? '';
  if (apiVersion === `${GROUP}/${VERSION}` && isResourceKind(kind)) {
    return readResource(manifest, map, kind);
  }
  const [field, fault] =
    apiVersion === `${GROUP}/${VERSION}`
      ? ['kind', kindFault(kind)]
      : ['apiVersion', `${JSON.stringify(apiVersion)} is unknown; write ${GROUP}/${VERSION}`];
  const at = manifest.locate(spanOf(lookUp(manifest, map, field) ?? map).start);
  const message = `${field}: ${fault}`;
  return { findings: [{ severity: 'error', code: 'resource/invalid', message, at }] };
}

function kindFault(kind: string): string {
  if (kind === '') return 'required, but not given';
  const meant = suggestion(kind, RESOURCE_KINDS);
  const known = meant === undefined ? undefined : `did you mean ${meant}?`;
  const flux = Object.hasOwn(FLUX_KIND_MENDS, kind) ? FLUX_KIND_MENDS[kind] : undefined;
  const mend = flux ?? known ?? `${GROUP} has ${listed(RESOURCE_KINDS)}`;
  return `${JSON.stringify(kind)} is unknown; ${mend}`;
}

/** `a, b and c`. */
function listed(words: readonly string[]): string {
  return words.join(', ').replace(/, ([^,]*)$/, ' and $1');
}
