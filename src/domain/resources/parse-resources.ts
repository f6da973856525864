import { isMap, isSeq, type YAMLMap } from 'yaml';
import { GROUP, VERSION } from '../../api/crd.ts';
import type { ImagePolicy } from '../../api/image-policy.ts';
import type { ImageUpdateAutomation } from '../../api/image-update-automation.ts';
import { AppError, formatLocation, type Finding, type Location } from '../errors.ts';
import { parseManifest, type Manifest } from '../manifest/parse-manifest.ts';
import { lookUp, resolved, textAt } from '../manifest/yaml-lookup.ts';
import { spanOf } from '../manifest/yaml-tree.ts';
import { readResource, RESOURCE_KINDS } from './read-resource.ts';
import { suggestion } from './suggestion.ts';

/** A resource with the place of its document, or of its entry in a `kind: List`. */
export type Loaded<T> = T & { readonly at: Location };

/** The resources of one file. Those with an error are not among them. */
export interface ParsedResources {
  readonly policies: readonly Loaded<ImagePolicy>[];
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
  const manifest = manifestOf(path, text);
  if ('severity' in manifest) {
    const findings = claimsOurGroup(text) ? [asTemplate(path, text) ?? manifest] : [];
    return { policies: [], automations: [], findings };
  }
  const resources = manifest.documents
    .flatMap(({ contents }) => resourceMaps(manifest, contents, new Set()))
    .filter((map) => isOurs(manifest, map))
    .map((map) => parseResource(manifest, map));
  const findings = resources.flatMap((resource) => resource.findings);
  const template = findings.length === 0 ? undefined : asTemplate(path, text);
  return {
    policies: resources.flatMap(({ policy }) => policy ?? []),
    automations: resources.flatMap(({ automation }) => automation ?? []),
    findings: template === undefined ? findings : [template],
  };
}

function manifestOf(path: string, text: string): Manifest | Finding {
  try {
    return parseManifest(path, text);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const { code, message, at = { path } } = error;
    const place = `${formatLocation(at)}: `;
    const bare = message.startsWith(place) ? message.slice(place.length) : message;
    return { severity: 'error', code, message: bare, at };
  }
}

/** Does a text that is not YAML mean to hold our resources? An annotation of ours is not one. */
function claimsOurGroup(text: string): boolean {
  return /^\s*(- )?["']?apiVersion["']?\s*:\s*["']?lockkeeper\.dev\//m.test(text);
}

/** A Helm chart's template is nobody's mistake, but it cannot be read: a warning instead of errors. */
function asTemplate(path: string, text: string): Finding | undefined {
  const line = text.split('\n').findIndex((content) => /(^|[:-])\s*\{\{/.test(content)) + 1;
  if (line === 0) return undefined;
  return {
    severity: 'warning',
    code: 'resource/invalid',
    message: 'a template ("{{") is not read; its resources do not count until they are rendered',
    at: { path, line },
  };
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

function isOurs(manifest: Manifest, map: YAMLMap): boolean {
  return textAt(manifest, map, 'apiVersion')?.split('/')[0] === GROUP;
}

interface ParsedResource {
  readonly policy?: Loaded<ImagePolicy>;
  readonly automation?: Loaded<ImageUpdateAutomation>;
  readonly findings: readonly Finding[];
}

function parseResource(manifest: Manifest, map: YAMLMap): ParsedResource {
  const wrongType = typeFault(manifest, map);
  if (wrongType !== undefined) return { findings: [wrongType] };
  return readResource(manifest, map, textAt(manifest, map, 'kind') ?? '');
}

/** Our group with a version or a kind that there is not. */
function typeFault(manifest: Manifest, map: YAMLMap): Finding | undefined {
  const fault = (field: string, message: string): Finding => {
    const node = lookUp(manifest, map, field) ?? map;
    const at = manifest.locate(spanOf(node).start);
    return { severity: 'error', code: 'resource/invalid', message: `${field}: ${message}`, at };
  };
  const apiVersion = textAt(manifest, map, 'apiVersion') ?? '';
  if (apiVersion !== `${GROUP}/${VERSION}`) {
    return fault(
      'apiVersion',
      `${JSON.stringify(apiVersion)} is unknown; write ${GROUP}/${VERSION}`,
    );
  }
  const kind = textAt(manifest, map, 'kind');
  if (kind === undefined) return fault('kind', 'required, but not given');
  if (RESOURCE_KINDS.includes(kind)) return undefined;
  const meant = suggestion(kind, RESOURCE_KINDS);
  const mend =
    meant === undefined ? `${GROUP} has ${RESOURCE_KINDS.join(' and ')}` : `did you mean ${meant}?`;
  return fault('kind', `${JSON.stringify(kind)} is unknown; ${mend}`);
}
