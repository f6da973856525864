import { stringify } from 'yaml';
import { customResourceDefinitions, GROUP } from '../../api/crd.ts';

/** One generated file: its name within `crds/`, and its text. */
export interface GeneratedFile {
  readonly name: string;
  readonly text: string;
}

/**
 * The files of `crds/`, one per kind, byte for byte the same from the same source. Field order is the
 * schema's own, which is the order of the documentation.
 */
export function renderCrds(): readonly GeneratedFile[] {
  return customResourceDefinitions().map((definition) => ({
    name: `${GROUP}_${definition.spec.names.plural}.yaml`,
    text: `---\n${stringify(definition, { lineWidth: 0, aliasDuplicateObjects: false })}`,
  }));
}
