import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Plugin } from 'rolldown';

const LICENSE_FILE = /^(licen[cs]e|notice|copying)/i;

/**
 * Emits `THIRD-PARTY-NOTICES.txt`: name, version and licence text of every package whose code is in the
 * bundle. The licences of bundled code ask that their text travels with it.
 */
export function thirdPartyNotices(): Plugin {
  return {
    name: 'third-party-notices',
    generateBundle(_options, bundle) {
      const modules = Object.values(bundle).flatMap((chunk) =>
        chunk.type === 'chunk' ? chunk.moduleIds : [],
      );
      const folders = new Set(modules.flatMap((id) => packageFolder(id) ?? []));
      const source = [...folders].toSorted().map(notice).join('\n');
      this.emitFile({ type: 'asset', fileName: 'THIRD-PARTY-NOTICES.txt', source });
    },
  };
}

/** The package a bundled module came from: the last `node_modules/NAME` or `node_modules/@SCOPE/NAME` of its path. */
function packageFolder(moduleId: string): string | undefined {
  return /^.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+/.exec(
    moduleId.replace(/^\0/, ''),
  )?.[0];
}

function notice(folder: string): string {
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    name: string;
    version: string;
    license?: string;
  };
  const texts = readdirSync(folder)
    .filter((name) => LICENSE_FILE.test(name))
    .map((name) => readFileSync(join(folder, name), 'utf8').trim());
  // Some packages state a licence and forget the file.
  if (texts.length === 0 && manifest.license !== undefined)
    texts.push(`The licence's text: https://spdx.org/licenses/${manifest.license}.html`);
  const heading = `${manifest.name} ${manifest.version} (${manifest.license ?? 'licence not stated'})`;
  return [heading, '='.repeat(heading.length), ...texts, ''].join('\n');
}
