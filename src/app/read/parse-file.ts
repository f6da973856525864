import type { UpdateStrategy } from '../../api/image-update-automation.ts';
import { AppError, findingOf, type Finding } from '../../domain/errors.ts';
import { decodeManifest, mayHoldImage, mayHoldMarker } from '../../domain/manifest/decode.ts';
import type { FileFields } from '../../domain/manifest/image-field.ts';
import { locateFields } from '../../domain/manifest/locate-fields.ts';
import { mayHoldResources } from '../../domain/resources/may-hold-resources.ts';
import { parseResources, type ParsedResources } from '../../domain/resources/parse-resources.ts';

/** What one file amounted to. Plain data, so that it can be kept as JSON. */
export interface ParsedFile {
  readonly fields?: FileFields;
  readonly resources?: ParsedResources;
  /** Why it is neither. */
  readonly finding?: Finding;
}

/** Why a file may matter, judged from raw bytes: false means certainly not. */
export interface Interest {
  readonly marker: boolean;
  readonly image: boolean;
  readonly resources: boolean;
}

/** Looks at raw bytes; no decoding, no parsing. */
export function interestOf(bytes: Uint8Array): Interest {
  return {
    marker: mayHoldMarker(bytes),
    image: mayHoldImage(bytes),
    resources: mayHoldResources(bytes),
  };
}

/** Has somebody said that it matters? That an image may stand in it says nothing. */
export function isOurs({ marker, resources }: Interest): boolean {
  return marker || resources;
}

/** What is parsed, and for what. */
interface Parsing {
  readonly bytes: Uint8Array;
  readonly interest: Interest;
  readonly strategy: UpdateStrategy;
}

/** Reads one manifest; a bad one is a finding. @returns undefined where it holds nothing of ours */
export function parseFile(path: string, parsing: Parsing): ParsedFile | undefined {
  const { bytes, interest, strategy } = parsing;
  const wantsFields = interest.marker || (interest.image && strategy === 'Images');
  if (!wantsFields && !interest.resources) return undefined;
  try {
    const text = decodeManifest(path, bytes);
    const file = {
      ...(wantsFields ? fieldsOf(path, text, parsing) : {}),
      ...(interest.resources ? resourcesOf(path, text) : {}),
    };
    return Object.keys(file).length === 0 ? undefined : file;
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const finding = findingOf(error, error.at ?? { path });
    return { finding: isOurs(interest) ? finding : { ...finding, severity: 'warning' } };
  }
}

function fieldsOf(
  path: string,
  text: string,
  { interest, strategy }: Parsing,
): Pick<ParsedFile, 'fields'> {
  const { fields, findings } = locateFields(path, text, strategy);
  if (fields.length + findings.length === 0) return {};
  if (interest.marker) return { fields: { fields, findings } };
  // Without a marker a file that is no YAML is none of ours: only a warning, and not even that of a chart's template.
  const warnings = findings
    .filter(({ code }) => code !== 'manifest/unparsable' || !isChartTemplate(path, text))
    .map((finding) => ({ ...finding, severity: 'warning' as const }));
  return fields.length + warnings.length === 0 ? {} : { fields: { fields, findings: warnings } };
}

/** Is it a template of a Helm chart, which is no YAML before it is rendered? There may be hundreds in a repo. */
function isChartTemplate(path: string, text: string): boolean {
  return /(^|\/)templates\//.test(path) && text.includes('{{');
}

function resourcesOf(path: string, text: string): Pick<ParsedFile, 'resources'> {
  const resources = parseResources(path, text);
  return Object.values(resources).every(({ length }) => length === 0) ? {} : { resources };
}
