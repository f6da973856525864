import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { request as httpRequest } from 'undici';
import { parse } from 'yaml';
import { ROOT } from '../cli.ts';
import { apiRequests, succeeded, type ApiRequest } from './api-request.ts';
import { findControlPlane, type ControlPlaneBinaries } from './availability.ts';
import { freePort } from '../free-port.ts';
import { startServerProcess, type ServerProcess } from './server-process.ts';

/** A slow machine needs about 20 s; a broken set-up fails at once by its log. */
const READY_WITHIN_MS = 120_000;

/** A rule of RBAC, as in a Role. */
export interface PolicyRule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}

/** A real kube-apiserver with etcd, RBAC on, our CRDs installed; no controllers and no nodes. */
export interface TestApiServer {
  readonly url: string;
  /** PEM of the server's own certificate. */
  readonly caFile: string;
  readonly adminToken: string;
  /** A kubeconfig for kubectl and for the product, of `system:masters`. */
  readonly adminKubeconfig: string;
  readonly pids: { readonly etcd: number; readonly apiServer: number };
  /** As the administrator. */
  readonly request: ApiRequest;
  /** A kubeconfig file. @param server another address of the same server, such as a proxy's */
  kubeconfig(user: { readonly token: string; readonly server?: string }): string;
  /** Creates a namespace nobody else uses. @returns its name */
  createNamespace(labels?: Readonly<Record<string, string>>): Promise<string>;
  /**
   * Creates a ServiceAccount that may do just this: by a ClusterRole where `everywhere`, else by a
   * Role in its namespace. @returns its token
   */
  createServiceAccount(account: {
    readonly namespace: string;
    readonly name: string;
    readonly rules: readonly PolicyRule[];
    readonly everywhere?: boolean;
  }): Promise<string>;
  /** Makes etcd forget all revisions but the last; a restarted API server then answers 410 to old ones. */
  compactEtcd(): Promise<void>;
  /** Ends the API server as a crash does and starts it anew on the same address. */
  restart(meanwhile?: () => Promise<void>): Promise<void>;
  /** Ends both processes and removes their folder. */
  stop(): Promise<void>;
}

interface Setup {
  readonly binaries: ControlPlaneBinaries;
  readonly folder: string;
  readonly etcdPort: number;
  readonly etcdPeerPort: number;
  readonly port: number;
  readonly adminToken: string;
}

/** Starts a control plane and waits until it is ready. @throws Error with the logs when it does not */
export async function startApiServer(): Promise<TestApiServer> {
  const binaries = findControlPlane();
  if (binaries === undefined) throw new Error('etcd or kube-apiserver is missing');
  const setup: Setup = {
    binaries,
    folder: mkdtempSync(join(tmpdir(), 'lockkeeper-kube-')),
    etcdPort: await freePort(),
    etcdPeerPort: await freePort(),
    port: await freePort(),
    adminToken: randomUUID(),
  };
  writeFiles(setup);
  const url = `https://127.0.0.1:${setup.port}`;
  const caFile = join(setup.folder, 'certs', 'apiserver.crt');
  const { request, close } = apiRequests({ url, token: setup.adminToken, caFile });
  const etcd = await startEtcd(setup);
  const running = { apiServer: await startServer(setup) };
  const stop = async () => {
    await close();
    await running.apiServer.stop();
    await etcd.stop();
    await rm(setup.folder, { recursive: true, force: true });
  };
  const kubeconfig = ({ token, server = url }: { token: string; server?: string }) =>
    writeKubeconfig(setup.folder, { token, server, ca: readFileSync(caFile) });
  try {
    await untilReady(running.apiServer, request);
    await installCrds(request);
  } catch (error) {
    const log = `${etcd.log()}\n${running.apiServer.log()}`;
    await stop();
    throw new Error(`the API server did not start: ${log}`, { cause: error });
  }
  return {
    url,
    caFile,
    adminToken: setup.adminToken,
    adminKubeconfig: kubeconfig({ token: setup.adminToken }),
    get pids() {
      return { etcd: etcd.pid, apiServer: running.apiServer.pid };
    },
    request,
    kubeconfig,
    createNamespace: (labels = {}) => createNamespace(request, labels),
    createServiceAccount: (account) => createServiceAccount(request, account),
    compactEtcd: () => compact(`http://127.0.0.1:${setup.etcdPort}`),
    async restart(meanwhile = async () => {}) {
      await running.apiServer.kill();
      await meanwhile();
      running.apiServer = await startServer(setup);
      await untilReady(running.apiServer, request);
    },
    stop,
  };
}

function writeFiles({ folder, adminToken }: Setup): void {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  writeFileSync(join(folder, 'sa.key'), privateKey);
  writeFileSync(join(folder, 'sa.pub'), publicKey);
  writeFileSync(join(folder, 'tokens.csv'), `${adminToken},admin,admin,"system:masters"\n`);
  mkdirSync(join(folder, 'certs'));
}

async function startEtcd({
  binaries,
  folder,
  etcdPort,
  etcdPeerPort,
}: Setup): Promise<ServerProcess> {
  const client = `http://127.0.0.1:${etcdPort}`;
  const peer = `http://127.0.0.1:${etcdPeerPort}`;
  const etcd = await startServerProcess(
    binaries.etcd,
    [
      `--data-dir=${join(folder, 'etcd')}`,
      '--unsafe-no-fsync',
      `--listen-client-urls=${client}`,
      `--advertise-client-urls=${client}`,
      `--listen-peer-urls=${peer}`,
      `--initial-advertise-peer-urls=${peer}`,
      `--initial-cluster=default=${peer}`,
    ],
    folder,
  );
  await until(etcd, async () => (await httpRequest(`${client}/health`)).statusCode === 200);
  return etcd;
}

/** The flags of controller-runtime's envtest, with tokens in place of client certificates. */
async function startServer({ binaries, folder, port, etcdPort }: Setup): Promise<ServerProcess> {
  return startServerProcess(
    binaries.apiServer,
    [
      `--etcd-servers=http://127.0.0.1:${etcdPort}`,
      `--cert-dir=${join(folder, 'certs')}`,
      '--bind-address=127.0.0.1',
      '--advertise-address=127.0.0.1',
      `--secure-port=${port}`,
      '--service-cluster-ip-range=10.0.0.0/24',
      '--authorization-mode=RBAC',
      `--token-auth-file=${join(folder, 'tokens.csv')}`,
      `--service-account-issuer=https://127.0.0.1:${port}/`,
      `--service-account-key-file=${join(folder, 'sa.pub')}`,
      `--service-account-signing-key-file=${join(folder, 'sa.key')}`,
      '--disable-admission-plugins=ServiceAccount',
      '--allow-privileged=true',
      // It would try for ever to announce a loopback address, which is refused.
      '--endpoint-reconciler-type=none',
    ],
    folder,
  );
}

async function untilReady(server: ServerProcess, request: ApiRequest): Promise<void> {
  await until(server, async () => (await request('GET', '/readyz')).status === 200);
}

async function until(server: ServerProcess, holds: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + READY_WITHIN_MS;
  for (;;) {
    let cause: unknown;
    try {
      if (await holds()) return;
    } catch (error) {
      // Nobody listens yet.
      cause = error;
    }
    if (server.ended || Date.now() > deadline) throw new Error('not ready', { cause });
    await delay(100);
  }
}

async function installCrds(request: ApiRequest): Promise<void> {
  const folder = join(ROOT, 'crds');
  // Beside them lies a kustomization.
  for (const file of readdirSync(folder).filter((name) => name.startsWith('lockkeeper.dev_'))) {
    const crd = parse(readFileSync(join(folder, file), 'utf8')) as { metadata: { name: string } };
    const path = `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${crd.metadata.name}`;
    // As `kubectl apply --server-side` does it, so that tests can apply them again.
    const apply = `${path}?fieldManager=kubectl`;
    await succeeded(request('PATCH', apply, crd, 'application/apply-patch+yaml'));
    while (!(await isEstablished(request, path))) await delay(50);
  }
}

async function isEstablished(request: ApiRequest, path: string): Promise<boolean> {
  const crd = (await succeeded(request('GET', path))) as {
    status?: { conditions?: { type: string; status: string }[] };
  };
  return (crd.status?.conditions ?? []).some(
    ({ type, status }) => type === 'Established' && status === 'True',
  );
}

async function createNamespace(
  request: ApiRequest,
  labels: Readonly<Record<string, string>>,
): Promise<string> {
  const name = `test-${randomUUID().slice(0, 8)}`;
  await succeeded(request('POST', '/api/v1/namespaces', { metadata: { name, labels } }));
  return name;
}

async function createServiceAccount(
  request: ApiRequest,
  account: Parameters<TestApiServer['createServiceAccount']>[0],
): Promise<string> {
  const { namespace, name, rules, everywhere = false } = account;
  const accounts = `/api/v1/namespaces/${namespace}/serviceaccounts`;
  await succeeded(request('POST', accounts, { metadata: { name } }));
  const rbac = `/apis/rbac.authorization.k8s.io/v1${everywhere ? '' : `/namespaces/${namespace}`}`;
  const [role, bindings] = everywhere
    ? (['ClusterRole', 'clusterrolebindings'] as const)
    : (['Role', 'rolebindings'] as const);
  const metadata = { name: `${namespace}-${name}` };
  await succeeded(request('POST', `${rbac}/${role.toLowerCase()}s`, { metadata, rules }));
  await succeeded(
    request('POST', `${rbac}/${bindings}`, {
      metadata,
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: role, name: metadata.name },
      subjects: [{ kind: 'ServiceAccount', namespace, name }],
    }),
  );
  const issued = (await succeeded(request('POST', `${accounts}/${name}/token`, {}))) as {
    status: { token: string };
  };
  return issued.status.token;
}

/** Through etcd's JSON gateway. */
async function compact(etcd: string): Promise<void> {
  const post = async (path: string, body: object) => {
    const answer = await httpRequest(`${etcd}/v3/kv/${path}`, {
      method: 'POST',
      body: JSON.stringify(body),
    });
    const json = (await answer.body.json()) as { header?: { revision?: string } };
    if (answer.statusCode !== 200) throw new Error(`etcd: ${JSON.stringify(json)}`);
    return json;
  };
  const { header } = await post('range', { key: Buffer.from('any').toString('base64') });
  await post('compaction', { revision: header?.revision, physical: true });
}

/** Kubeconfigs are YAML, of which JSON is a part. */
function writeKubeconfig(
  folder: string,
  { token, server, ca }: { readonly token: string; readonly server: string; readonly ca: Buffer },
): string {
  const file = join(folder, `kubeconfig-${randomUUID().slice(0, 8)}`);
  const cluster = { server, 'certificate-authority-data': ca.toString('base64') };
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'test', cluster }],
    users: [{ name: 'test', user: { token } }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
    'current-context': 'test',
  };
  writeFileSync(file, JSON.stringify(config), { mode: 0o600 });
  return file;
}
