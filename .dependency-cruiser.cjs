/**
 * Which folder may import what: the architecture, as a checked list.
 *
 * Each rule is an allow-list: whatever it does not name is forbidden. `npm run arch` runs it, and
 * `test/architecture.test.ts` proves that it sees every module and that the rules bite.
 */

const API = '^src/api/';
const DOMAIN = '^src/domain/';
const PORTS = '^src/ports/';
const CONFIG = '^src/config(/|\\.ts$)';
const COMPOSE = '^src/compose(/|\\.ts$)';
const APP = '^src/app/';
const CONNECTIONS = '^src/connections/';
const ADAPTERS = '^src/adapters/';
const DEMO = '^src/demo(/|\\.ts$)';
const CLI = '^src/cli(/|\\.ts$)';
const MAIN = '^src/main\\.ts$';
/** Read for the version only. */
const MANIFEST = '^package\\.json$';

const library = (...names) => `^node_modules/(${names.join('|')})/`;

/** A rule that lets `from` import `may` and nothing else. */
const only = (name, from, may, comment) => ({
  name,
  comment,
  severity: 'error',
  from: { path: from },
  to: { pathNot: may },
});

/** The same where anything of Node itself may be used besides. */
const onlyAndNode = (name, from, may, comment) => ({
  name,
  comment,
  severity: 'error',
  from: { path: from },
  to: { pathNot: may, dependencyTypesNot: ['core'] },
});

module.exports = {
  forbidden: [
    only(
      'api-stands-alone',
      API,
      [API, library('zod')],
      'The published contract can be read, printed and versioned without the controller.',
    ),
    only(
      'domain-is-pure',
      DOMAIN,
      [DOMAIN, API, library('yaml', 're2js')],
      'Rules about tags and YAML know no network, file, clock or process, so each is a table test.',
    ),
    only(
      'ports-name-domain-values',
      PORTS,
      [PORTS, DOMAIN, API],
      'A port speaks the language of the domain, never that of a vendor.',
    ),
    onlyAndNode(
      'connections-know-no-system',
      CONNECTIONS,
      [CONNECTIONS, DOMAIN, API, library('undici')],
      'How a host is reached, by TLS and through proxies, is the same for whatever system stands there.',
    ),
    {
      name: 'adapters-see-no-layer-above',
      comment:
        'An adapter translates for one outside system; it decides nothing and calls nobody above it.',
      severity: 'error',
      from: { path: ADAPTERS },
      to: { path: '^src/', pathNot: [ADAPTERS, CONNECTIONS, PORTS, DOMAIN, API] },
    },
    {
      name: 'adapters-keep-apart',
      comment: 'Replacing one outside system must touch one folder.',
      severity: 'error',
      from: { path: '^src/adapters/([^/]+)/' },
      to: { path: ADAPTERS, pathNot: '^src/adapters/$1/' },
    },
    only(
      'app-works-through-ports',
      APP,
      [APP, PORTS, DOMAIN, API, library('p-limit')],
      'Use cases see outside systems as ports only, so tests run them against fakes.',
    ),
    onlyAndNode(
      'config-reads-settings',
      CONFIG,
      [CONFIG, DOMAIN, API, library('zod')],
      'Settings are parsed once, at the edge, into plain values.',
    ),
    onlyAndNode(
      'compose-wires',
      COMPOSE,
      [COMPOSE, ADAPTERS, CONNECTIONS, CONFIG, APP, PORTS, DOMAIN, API, MANIFEST],
      'The one place that knows which adapter stands behind which port names no vendor itself.',
    ),
    onlyAndNode(
      'demo-is-a-caller',
      DEMO,
      [DEMO, COMPOSE, CONFIG, APP, PORTS, DOMAIN, API],
      'The demo shows the product as it is, so it goes the way every other caller goes.',
    ),
    onlyAndNode(
      'cli-is-a-caller',
      CLI,
      [CLI, DEMO, COMPOSE, CONFIG, APP, PORTS, DOMAIN, API, MANIFEST, library('commander', 'diff')],
      'Commands parse arguments and print; what they do is in the layers below.',
    ),
    onlyAndNode('main-starts-the-cli', MAIN, [CLI], 'The entry decides nothing.'),
    {
      name: 'every-file-has-a-layer',
      comment: 'A file outside the known layers would escape all rules above.',
      severity: 'error',
      from: {
        path: '^src/',
        pathNot: [API, DOMAIN, PORTS, CONNECTIONS, CONFIG, COMPOSE, APP, ADAPTERS, DEMO, CLI, MAIN],
      },
      to: {},
    },
    {
      name: 'no-circular',
      comment: 'Modules of a cycle cannot be understood or tested one at a time.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'not-to-unresolvable',
      comment: 'A module that is not found is not checked either.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'not-to-dev-dependency',
      comment: 'What ships must not depend on what only builds and tests it.',
      severity: 'error',
      from: { path: '^src/' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'] },
    },
  ],
  options: {
    // Under TypeScript 7 the default parser finds no modules at all, and says nothing about it.
    parser: 'swc',
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default'],
    },
  },
};
