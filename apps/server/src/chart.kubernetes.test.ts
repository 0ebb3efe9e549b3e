import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { kubectl, testCluster, unavailableHere } from "@tesslate/runtime/testing/kubernetes";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openHelm, type Helm } from "./testing/helm.ts";

/** The Helm chart's manifests on a real cluster. What needs no cluster is in `scripts/chart.test.ts`; `installed-chart.kubernetes.test.ts` installs it. */
const problem = unavailableHere();
const print = (line: string) => void process.stdout.write(`  ${line}\n`);

describe.skipIf(problem !== undefined)(`the Helm chart${problem === undefined ? "" : ` (skipped: ${problem})`}`, () => {
  let helm: Helm;
  beforeAll(async () => {
    helm = await openHelm(print);
  }, 900_000);
  afterAll(async () => {
    await helm[Symbol.asyncDispose]();
  });

  const required = {
    image: { repository: "images.lan/tesslate-studio" },
    url: "https://studio.example.com",
    previewDomain: "preview.example.net",
  };
  const several = {
    ...required,
    replicas: 3,
    database: { existingSecret: "database" },
    objects: { s3: { bucket: "b", accessKeyId: "a", secretAccessKey: "s" } },
    runtime: { driver: "remote", remote: { url: "https://runner.lan:7070", existingSecret: "runner", caSecret: "runner-ca" } },
  };
  const matrix: Record<string, object> = {
    "one server, a pod per project": { ...required, database: { url: "postgres://a:b@c/d" } },
    "several servers, a pod per project": {
      ...several,
      runtime: { driver: "kubernetes", kubernetes: { warmPods: 2 } },
      autoscaling: { enabled: true },
    },
    "one server with everything": {
      ...required,
      image: { ...required.image, pullSecrets: ["images"] },
      appsDomain: "apps.example.net",
      keys: { existingSecret: "keys" },
      database: { bundled: { enabled: true, storageClass: "fast" } },
      objects: { s3: { bucket: "b", prefix: "p", endpoint: "https://s3.example.com", existingSecret: "s3" } },
      persistence: { enabled: false },
      runtime: {
        kubernetes: {
          createNamespace: false,
          workloads: "pods",
          runtimeClass: "gvisor",
          storageClass: "fast",
          imagePullSecret: "images",
          nodeSelector: { pool: "projects" },
          tolerations: [{ key: "projects", operator: "Exists", effect: "NoSchedule" }],
          priorityClassName: "low",
          podLabels: { team: "a" },
          podAnnotations: { "example.com/note": 'of "a"' },
          outboundAllow: "10.0.0.1",
        },
      },
      ingress: {
        enabled: true,
        className: "nginx",
        annotations: { "nginx.ingress.kubernetes.io/proxy-body-size": "600m" },
        tls: { appSecret: "app", previewSecret: "preview", appsSecret: "apps" },
        customDomains: true,
      },
      metrics: {
        serviceMonitor: { enabled: true, labels: { release: "prometheus" } },
        prometheusRule: { enabled: true, labels: { release: "prometheus" } },
        dashboard: { enabled: true },
      },
      settings: { LOG_LEVEL: "warn", RATE_LIMIT_FACTOR: 0, LANDING_PAGE: false },
      secretSettings: { OPENAI_API_KEY: "key" },
      ipv6: true,
      podLabels: { team: "a" },
      podAnnotations: { team: "a" },
      nodeSelector: { disk: "fast" },
      tolerations: [{ operator: "Exists" }],
      affinity: { nodeAffinity: {} },
      priorityClassName: "",
      extraVolumes: [{ name: "ca", configMap: { name: "ca" } }],
      extraVolumeMounts: [{ name: "ca", mountPath: "/etc/ca" }],
    },
    "a restore, with everything": {
      ...several,
      runtime: { driver: "kubernetes" },
      keys: { existingSecret: "keys" },
      database: { bundled: { enabled: true } },
      autoscaling: { enabled: true },
      restore: { target: "s3://backups/studio", at: "20260101T023000Z-ab12", force: true },
      nodeSelector: { disk: "fast" },
      tolerations: [{ operator: "Exists" }],
      extraVolumes: [{ name: "ca", configMap: { name: "ca" } }],
      extraVolumeMounts: [{ name: "ca", mountPath: "/etc/ca" }],
    },
    "a restore onto a volume": {
      ...required,
      keys: { existingSecret: "keys" },
      database: { url: "postgres://a:b@c/d" },
      restore: { target: "s3://backups/studio" },
    },
    "several servers with a runner elsewhere": {
      ...several,
      autoscaling: { enabled: true, openStreams: { enabled: true } },
      networkPolicy: {
        ingressFrom: [{ namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "ingress" } } }],
        egress: [{ ports: [{ port: 443, protocol: "TCP" }] }],
      },
    },
    "several servers with a runner in the cluster": {
      ...several,
      runtime: { driver: "remote" },
      runner: { enabled: true, storageClass: "fast", tolerations: [{ operator: "Exists" }] },
      networkPolicy: { runnerEgressTo: [{ ipBlock: { cidr: "10.0.0.1/32" } }] },
      serviceAccount: { create: false },
      migration: { enabled: false },
      podDisruptionBudget: { enabled: false },
      service: { type: "LoadBalancer", port: 8080, annotations: { a: "b" } },
    },
  };

  test("lints, and the cluster accepts its manifests for each way to install it", { timeout: 300_000 }, async () => {
    const name = await helm.namespace("chart-dry");
    await kubectl("create", "namespace", `${name}-sandboxes`);
    const kubeconfig = join(helm.folder, "dry.kubeconfig");
    await writeFile(kubeconfig, await kubectl("config", "view", "--raw"));
    await kubectl("config", "set-context", "--current", `--namespace=${name}`, "--kubeconfig", kubeconfig);
    const kinds = new Set<string>();
    for (const [title, values] of Object.entries(matrix)) {
      const file = await helm.valuesFile("dry", values);
      expect(await helm.run("lint", "--strict", "--kube-version", "1.34.4", helm.chart, "--values", file), title).toContain(
        "0 chart(s) failed",
      );
      const manifests = join(helm.folder, "dry.yaml");
      await writeFile(
        manifests,
        await helm.run("template", "studio", helm.chart, "--namespace", name, "--kube-version", "1.34.4", "--values", file),
      );
      // `strict` refuses fields that do not exist; warnings are about Pod Security.
      const dryRun = ["--kubeconfig", kubeconfig, "apply", "--dry-run=server", "--validate=strict", "-o", "json", "-f", manifests];
      const { stdout, stderr } = await promisify(execFile)(join(testCluster().folder, "bin/kubectl"), dryRun);
      expect(stderr.replace(/^Warning: resource namespaces.*\n/gm, ""), title).toBe("");
      for (const { kind } of (JSON.parse(stdout) as { items: { kind: string }[] }).items) kinds.add(kind);
    }
    const wanted =
      "ConfigMap Deployment HorizontalPodAutoscaler Ingress Job Namespace NetworkPolicy PersistentVolumeClaim Pod PodDisruptionBudget " +
      "PrometheusRule Role RoleBinding Secret Service ServiceAccount ServiceMonitor StatefulSet";
    expect([...kinds].toSorted()).toEqual(wanted.split(" "));
  });

  test("refuses values that do not work together, with a sentence that says what to set", { timeout: 180_000 }, async () => {
    const one = { ...required, database: { url: "postgres://a:b@c/d" } };
    const cases: [object, RegExp][] = [
      [{ ...one, image: {} }, /image\.repository is required/],
      [{ ...one, url: "" }, /url is required.*https:\/\/studio\.example\.com/],
      [{ ...one, previewDomain: "" }, /previewDomain is required/],
      [{ ...one, previewDomain: "p.studio.example.com" }, /previewDomain must not be the host of url \(studio\.example\.com\) or below it/],
      [{ ...one, url: "studio.example.com" }, /url must be an address without a path.*it is "studio\.example\.com"/],
      [{ ...one, previewDomain: "https://p.example.net" }, /previewDomain must be a domain in small letters/],
      [required, /Set exactly one of database\.url.*set are: none/],
      [{ ...one, database: { ...one.database, bundled: { enabled: true } } }, /set are: database\.url, database\.bundled\.enabled/],
      [{ ...one, replicas: 2 }, /Several servers \(replicas=2.*require objects\.s3\.bucket/],
      [{ ...one, autoscaling: { enabled: true } }, /Several servers .*autoscaling\.enabled=true/],
      [{ ...several, objects: {} }, /Several servers/],
      [{ ...several, objects: { s3: { bucket: "b" } } }, /objects\.s3\.bucket requires an access key/],
      [{ ...one, persistence: { enabled: false } }, /persistence\.enabled=false requires objects\.s3\.bucket/],
      [{ ...several, runtime: { driver: "remote" } }, /runtime\.driver=remote requires a runner/],
      [{ ...several, runner: { enabled: true } }, /runtime\.remote\.url or runner\.enabled, not both/],
      [{ ...several, runtime: { driver: "remote", remote: { url: "https://r:1" } } }, /requires the token of the runner/],
      [{ ...one, runner: { enabled: true } }, /runner\.enabled requires runtime\.driver=remote/],
      [{ ...one, restore: { target: "s3://b/studio" } }, /restore\.target requires keys\.existingSecret/],
      [{ ...several, terminationGracePeriodSeconds: 30 }, /terminationGracePeriodSeconds must be at least drainSeconds \+ 50 \(60\)/],
      [{ ...one, settings: { PORT: 1 } }, /settings\.PORT is set by a value of the chart/],
      [{ ...one, secretSettings: { RUNNER_TOKEN: "x" } }, /secretSettings\.RUNNER_TOKEN is set by a value/],
      [{ ...one, settings: { lower: "x" } }, /lower/],
      [{ ...one, runtime: { driver: "docker" } }, /'kubernetes', 'remote'/],
      [{ ...one, replica: 2 }, /additional properties 'replica' not allowed/],
    ];
    for (const [values, expected] of cases) {
      const file = await helm.valuesFile("refused", values);
      expect(
        await helm.refused("template", "studio", helm.chart, "--kube-version", "1.34.4", "--values", file),
        JSON.stringify(values),
      ).toMatch(expected);
    }
  });
});
