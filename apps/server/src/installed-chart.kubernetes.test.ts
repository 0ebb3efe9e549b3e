import { connect, createServer } from "node:net";
import { join } from "node:path";
import { kubectl, testCluster, unavailableHere } from "@tesslate/runtime/testing/kubernetes";
import { call, freePort, say, script, startModelServer, startS3Server, type ModelServer, type S3Server } from "@tesslate/testkit";
import { loadPostgresImage, loadServerImage, postgresImage, serverImage } from "@tesslate/testkit/kubernetes-images";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { findPostgresPrograms } from "./platform/postgres/programs.ts";
import { clientsAt } from "./testing/address.ts";
import { startBalancedLoad } from "./testing/balanced-load.ts";
import { collect, modelEnv } from "./testing/chat.ts";
import { openHelm, type Helm } from "./testing/helm.ts";
import { bootOf, ended, startShop } from "./testing/projects.ts";
import { sharedBucket } from "./testing/several-servers.ts";
import { tinyTemplates } from "./testing/tiny-template.ts";

const root = join(import.meta.dirname, "../../..");
const problem = unavailableHere();
const print = (line: string) => void process.stdout.write(`  ${line}\n`);
const release = "studio";
/** What the chart calls its objects. */
const fullName = "studio-tesslate-studio";

describe.skipIf(problem !== undefined)(`the installed Helm chart${problem === undefined ? "" : ` (skipped: ${problem})`}`, () => {
  let helm: Helm;
  let model: ModelServer;
  let objects: S3Server;
  const closers: (() => unknown)[] = [];
  beforeAll(async () => {
    helm = await openHelm(print);
    closers.push(() => helm[Symbol.asyncDispose]());
    await loadServerImage(root, tinyTemplates, print);
    await loadPostgresImage(root, (await findPostgresPrograms()) ?? "");
    const { address: host } = testCluster();
    model = await startModelServer({ tokenDelayMs: 5, host });
    objects = await startS3Server({ ...sharedBucket, host });
    closers.push(
      () => model.close(),
      () => objects[Symbol.asyncDispose](),
    );
  }, 900_000);
  afterAll(async () => {
    for (const close of closers.reverse()) await close();
  });

  /** A port of this machine that leads to a service, a connection at a time, as a load balancer does. */
  async function forward(address: () => string): Promise<number> {
    const port = await freePort();
    const server = createServer((client) => {
      const upstream = connect({ host: address(), port: 80 });
      client.pipe(upstream).pipe(client);
      client.on("error", () => upstream.destroy());
      upstream.on("error", () => client.destroy());
    });
    await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
    closers.push(() => server.close());
    return port;
  }
  const serviceAddress = (name: string) => kubectl("get", "service", fullName, "-n", name, "-o", "jsonpath={.spec.clusterIP}");
  const serverPods = async (name: string) =>
    (await kubectl("get", "pods", "-n", name, "-l", "app.kubernetes.io/name=tesslate-studio", "-o", "name")).split("\n").filter(Boolean);
  const setupToken = async (name: string) =>
    /Setup token.*: (\S+)/.exec(await kubectl("logs", "-n", name, "-l", "app.kubernetes.io/name=tesslate-studio", "--tail=-1"))?.[1];

  const small = { requests: { cpu: "10m", memory: "64Mi" }, limits: { memory: "2Gi" } };
  const [repository = "", tag = ""] = serverImage.split(":");
  const basics = (port: number) => ({
    image: { repository, tag },
    url: `http://localhost:${port}`,
    previewDomain: "preview.localhost",
    database: { bundled: { enabled: true, image: postgresImage, storage: "1Gi", resources: small } },
    settings: {
      ...Object.fromEntries(Object.entries(modelEnv(model)).filter(([key]) => key !== "OPENAI_API_KEY")),
      OUTBOUND_ALLOW_HOSTS: [objects.endpoint, model.openai_base_url].map((url) => new URL(url).host).join(","),
      RATE_LIMIT_FACTOR: 0,
      TEMPLATE_PREPARATION: 0,
      BROWSER_DOWNLOAD: 0,
      PROJECT_GIT: 0,
      AGENT_CHAT_TITLES: 0,
    },
    secretSettings: { OPENAI_API_KEY: modelEnv(model)["OPENAI_API_KEY"] },
    resources: small,
    migration: { resources: small },
  });

  const install = (name: string, values: string, ...more: string[]) =>
    helm
      .run("install", release, helm.chart, "--namespace", name, "--values", values, "--wait", "--timeout", "4m", ...more)
      .catch(async (error: unknown) => {
        print(await kubectl("get", "pods", "-n", name, "-o", "wide"));
        print(await kubectl("get", "events", "-n", name, "--sort-by=.lastTimestamp"));
        print(await kubectl("logs", "-n", name, "-l", `app.kubernetes.io/instance=${release}`, "--tail=30", "--prefix"));
        throw error;
      });
  /** What is in a namespace, besides what every namespace has and pods that are ending. */
  async function objectsIn(name: string): Promise<string[]> {
    const kinds =
      "deployments,statefulsets,services,ingresses,jobs,networkpolicies,poddisruptionbudgets,horizontalpodautoscalers,roles,rolebindings," +
      "servicemonitors,prometheusrules,secrets,persistentvolumeclaims,configmaps,serviceaccounts";
    const found = (await kubectl("get", kinds, "-n", name, "-o", "name")).split("\n").filter(Boolean);
    return found.filter((one) => !["configmap/kube-root-ca.crt", "serviceaccount/default"].includes(one)).toSorted();
  }

  test(
    "two servers with a pod per project: an upgrade without a failed request, a run that continues, and an installation after it was uninstalled",
    { timeout: 900_000 },
    async () => {
      const name = await helm.namespace("chart-several");
      let address = "";
      const port = await forward(() => address);
      const app = { port, as: clientsAt(port) };
      const values = await helm.valuesFile("several", {
        ...basics(port),
        replicas: 2,
        objects: { s3: { ...sharedBucket, endpoint: objects.endpoint } },
        runtime: { kubernetes: { volumeMb: 512, requestMemoryMb: 32, requestCpu: 0.01 } },
        networkPolicy: { ingressFrom: [{ ipBlock: { cidr: `${testCluster().address}/32` } }] },
        metrics: { serviceMonitor: { enabled: true }, prometheusRule: { enabled: true }, dashboard: { enabled: true } },
        drainSeconds: 5,
      });
      let started = Date.now();
      expect(await install(name, values)).toContain("Setup token");
      print(`installed after ${Date.now() - started} ms`);
      address = await serviceAddress(name);
      const before = await serverPods(name);
      expect(before).toHaveLength(2);

      const token = await setupToken(name);
      const { signIn, created, params } = await startShop(app, token === undefined ? {} : { setupToken: token });
      const ada = await signIn();
      const boot = () => vi.waitFor(() => bootOf(app, ada, created.id), { timeout: 60_000, interval: 500 });
      const first = await boot();
      const metricsToken = Buffer.from(
        await kubectl("get", "secret", fullName, "-n", name, "-o", "jsonpath={.data.METRICS_TOKEN}"),
        "base64",
      ).toString();
      const metrics = await fetch(`http://localhost:${port}/metrics`, { headers: { authorization: `Bearer ${metricsToken}` } });
      expect([metrics.status, await metrics.text()]).toEqual([200, expect.stringContaining("studio_info")]);
      const projectPods = () =>
        kubectl(
          "get",
          "pods",
          "-n",
          `${name}-sandboxes`,
          "-l",
          "studio.tesslate.com/kind=project",
          "-o",
          "jsonpath={.items[*].metadata.uid}",
        );
      const pod = await projectPods();
      expect(pod).toMatch(/^[\w-]{36}$/);
      const secrets = () =>
        kubectl("get", "secret", `${fullName}-keys`, `${fullName}-database`, "-n", name, "-o", "jsonpath={.items[*].data}");
      const keys = await secrets();

      // An upgrade that the new version would refuse ends before any server is replaced.
      const upgrade = (setting: string) =>
        ["upgrade", release, helm.chart, "--namespace", name, "--values", values, "--wait", "--timeout", "4m"].concat("--set", setting);
      expect(await helm.refused(...upgrade("settings.SIGN_UP_EMAIL_DOMAINS=example.com"))).toContain("pre-upgrade hooks failed");
      expect(await kubectl("logs", "-n", name, `job/${fullName}-upgrade`)).toContain("XX  settings  SIGN_UP_EMAIL_DOMAINS requires");
      expect(await serverPods(name)).toEqual(before);

      const steps = 40;
      model.setScript(
        script([
          ...Array.from({ length: steps }, (_, i) => call("run_command", { command: `sleep 1; echo ${i} >> steps.txt` })),
          say("Done."),
        ]),
      );
      const { id: chat_id } = await app.as(ada).chat.createSession({ body: { project_id: created.id, title: "Run" } });
      const run = collect(app.as(ada).chat.stream({ body: { project_id: created.id, chat_id, message: "Go", edit_mode: "allow" } }));
      await run.until("tool_started");
      const load = startBalancedLoad({
        ports: () => new Map([["service", port]]),
        token: ada.token,
        projectId: created.id,
        workers: 4,
        isService: true,
      });
      started = Date.now();
      await helm.run(...upgrade("settings.LANDING_PAGE=false"));
      await kubectl("wait", "--for=delete", ...before, "-n", name, "--timeout=120s");
      const { requests, failures, slowestMs } = await load.stop();
      print(`rolling upgrade in ${Date.now() - started} ms: ${requests} requests, ${failures.length} failed, slowest ${slowestMs} ms`);
      expect(failures).toEqual([]);
      expect(requests).toBeGreaterThan(100);
      const after = await serverPods(name);
      expect(after).toHaveLength(2);
      expect(after.filter((one) => before.includes(one))).toEqual([]);
      expect(await secrets()).toBe(keys);
      expect(await app.as().system.config()).toMatchObject({ landing_page: false });
      // The app has been running in the same pod all the time.
      expect([await projectPods(), await boot()]).toEqual([pod, first]);
      // The run continued at the new servers, from its committed steps.
      await vi.waitFor(
        async () => {
          const { messages, active_task } = await app.as(ada).chat.get({ params: { chat_id } });
          expect([active_task, messages.at(-1)]).toMatchObject([null, { content: "Done." }]);
        },
        { timeout: 120_000, interval: 1_000 },
      );
      const file = { params: { ...params, path: "steps.txt" } };
      const { content: done } = await app.as(ada).files.get(file);
      expect(new Set((done ?? "").trim().split("\n")).size).toBe(steps);

      const kept = [`persistentvolumeclaim/data-${fullName}-database-0`, `secret/${fullName}-database`, `secret/${fullName}-keys`];
      await helm.run("uninstall", release, "--namespace", name, "--wait", "--timeout", "3m");
      await vi.waitFor(async () => expect(await objectsIn(name)).toEqual(kept), { timeout: 30_000, interval: 500 });
      expect(await projectPods()).toBe(pod);

      // Installed again it continues with them.
      await install(name, values);
      address = await serviceAddress(name);
      expect(await app.as(await signIn()).files.get(file)).toMatchObject({ content: done });
      expect([await projectPods(), await boot()]).toEqual([pod, first]);
      await helm.run("uninstall", release, "--namespace", name);
    },
  );

  test("one server with a volume: an upgrade and an uninstall keep the project and its pod", { timeout: 600_000 }, async () => {
    const name = await helm.namespace("chart-single");
    let address = "";
    const port = await forward(() => address);
    const app = { port, as: clientsAt(port) };
    const values = await helm.valuesFile("single", {
      ...basics(port),
      runtime: { kubernetes: { volumeMb: 512, requestMemoryMb: 32, requestCpu: 0.01 } },
      persistence: { size: "1Gi" },
    });
    await install(name, values);
    address = await serviceAddress(name);
    const token = await setupToken(name);
    const { signIn, created, params } = await startShop(app, token === undefined ? {} : { setupToken: token });
    const boot = async () => {
      const ada = await signIn();
      return vi.waitFor(() => bootOf(app, ada, created.id), { timeout: 60_000, interval: 500 });
    };
    const first = await boot();
    await helm.run(
      "upgrade",
      release,
      helm.chart,
      "--namespace",
      name,
      "--values",
      values,
      "--set",
      "settings.LANDING_PAGE=false",
      "--wait",
    );
    expect(await boot()).toBe(first);
    await helm.run("uninstall", release, "--namespace", name, "--wait", "--timeout", "3m");
    await install(name, values);
    address = await serviceAddress(name);
    expect(await boot()).toBe(first);
    expect(await app.as(await signIn()).files.get({ params: { ...params, path: "note.txt" } })).toMatchObject({
      content: "from the server",
    });
    await helm.run("uninstall", release, "--namespace", name);
  });

  test(
    "a backup is restored into another namespace by the chart's job, with the files of projects from their copies",
    { timeout: 900_000 },
    async () => {
      const original = await helm.namespace("chart-original");
      const { address: host } = testCluster();
      await using backups = await startS3Server({ ...sharedBucket, bucket: "backups", host });
      let address = "";
      const port = await forward(() => address);
      const app = { port, as: clientsAt(port) };
      const common = basics(port);
      const setUp = {
        ...common,
        replicas: 2,
        objects: { s3: { ...sharedBucket, endpoint: objects.endpoint, prefix: "original" } },
        runtime: { kubernetes: { volumeMb: 512, requestMemoryMb: 32, requestCpu: 0.01 } },
        settings: {
          ...common.settings,
          OUTBOUND_ALLOW_HOSTS: `${common.settings.OUTBOUND_ALLOW_HOSTS},${new URL(backups.endpoint).host}`,
          BACKUP_TARGET: "s3://backups/studio",
          S3_ENDPOINT: backups.endpoint,
        },
        secretSettings: {
          ...common.secretSettings,
          S3_ACCESS_KEY_ID: sharedBucket.accessKeyId,
          S3_SECRET_ACCESS_KEY: sharedBucket.secretAccessKey,
        },
      };
      const values = await helm.valuesFile("original", setUp);
      await install(original, values);
      address = await serviceAddress(original);
      const token = await setupToken(original);
      const { signIn, params } = await startShop(app, token === undefined ? {} : { setupToken: token });
      const file = { params: { ...params, path: "note.txt" } };
      const ada = await signIn();
      const { id: snapshot_id, task_id: taking } = await app.as(ada).snapshots.create({ params, body: { label: "Kept" } });
      expect(await ended(app, ada, taking)).toMatchObject({ status: "completed", error: null });
      await vi.waitFor(
        async () => expect((await app.as(ada).snapshots.get({ params: { ...params, snapshot_id } })).copied_at).not.toBeNull(),
        { timeout: 60_000, interval: 500 },
      );
      const studio = (namespace: string, ...argv: string[]) =>
        kubectl("exec", "-n", namespace, `deployment/${fullName}`, "--", "./studio", ...argv);
      await studio(original, "backup");
      const keys = JSON.parse(await kubectl("get", "secret", `${fullName}-keys`, "-n", original, "-o", "jsonpath={.data}")) as Record<
        string,
        string
      >;
      await helm.run("uninstall", release, "--namespace", original, "--wait", "--timeout", "3m");

      const restored = await helm.namespace("chart-restored");
      const literals = Object.entries(keys).map(([key, value]) => `--from-literal=${key}=${Buffer.from(value, "base64").toString()}`);
      await kubectl("create", "secret", "generic", "studio-keys", "-n", restored, ...literals);
      const restoring = await helm.valuesFile("restored", { ...setUp, keys: { existingSecret: "studio-keys" } });
      const started = Date.now();
      await install(restored, restoring, "--set", "restore.target=s3://backups/studio", "--wait-for-jobs");
      print(`restored after ${Date.now() - started} ms`);
      expect(await serverPods(restored)).toEqual([]);
      expect(await kubectl("logs", "-n", restored, `job/${fullName}-restore`)).toMatch(/restored/i);
      await helm.run("upgrade", release, helm.chart, "--namespace", restored, "--values", restoring, "--wait", "--timeout", "4m");
      address = await serviceAddress(restored);
      const again = await signIn();
      await expect(app.as(again).files.get(file)).rejects.toMatchObject({ code: "files_missing" });
      const { task_id } = await app.as(again).snapshots.restoreFiles({ params });
      expect(await ended(app, again, task_id)).toMatchObject({ status: "completed", error: null });
      expect(await app.as(again).files.get(file)).toMatchObject({ content: "from the server" });
      await studio(restored, "claim");
      await helm.run("uninstall", release, "--namespace", restored);
    },
  );
});
