import { execFile } from "node:child_process";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { kubectl, testCluster } from "@tesslate/runtime/testing/kubernetes";
import { helmProgram } from "@tesslate/testkit/kubernetes-cluster";
import { temporaryFolder } from "./temporary.ts";

const root = join(import.meta.dirname, "../../../..");

/** Helm on the test cluster, which has the custom resources of the Prometheus operator. */
export interface Helm extends AsyncDisposable {
  /** Path of the chart. */
  readonly chart: string;
  /** For files of the test. */
  readonly folder: string;
  /** A namespace that refuses pods which are not `restricted`. It is removed at the end, with that of its projects. */
  namespace(name: string): Promise<string>;
  /** Returns what the command printed. */
  run(...argv: string[]): Promise<string>;
  /** What a command that must fail printed; empty if it did not fail. */
  refused(...argv: string[]): Promise<string>;
  /** A file with these values. */
  valuesFile(name: string, values: object): Promise<string>;
}

export async function openHelm(print: (line: string) => void): Promise<Helm> {
  const program = await helmProgram(root, print);
  await kubectl("apply", "--server-side", "-f", join(root, "packages/testkit/kubernetes/monitoring-crds.yaml"));
  await kubectl("wait", "--for=condition=Established", "customresourcedefinition/servicemonitors.monitoring.coreos.com", "--timeout=30s");
  const folder = temporaryFolder("chart");
  const namespaces: string[] = [];
  const run = async (...argv: string[]) => {
    const env = { PATH: process.env["PATH"], KUBECONFIG: testCluster().kubeconfig, HOME: folder };
    const { stdout } = await promisify(execFile)(program, argv, { env, maxBuffer: 16 << 20 });
    return stdout;
  };
  return {
    chart: join(root, "deploy/helm/tesslate-studio"),
    folder,
    async namespace(name) {
      await kubectl("create", "namespace", name);
      namespaces.push(name, `${name}-sandboxes`);
      const level = (mode: string) => `pod-security.kubernetes.io/${mode}=restricted`;
      await kubectl("label", "namespace", name, level("enforce"), level("warn"));
      return name;
    },
    run,
    refused: (...argv) =>
      run(...argv).then(
        () => "",
        (error: { stderr: string }) => error.stderr,
      ),
    async valuesFile(name, values) {
      const file = join(folder, `${name}.json`);
      await writeFile(file, JSON.stringify(values));
      return file;
    },
    async [Symbol.asyncDispose]() {
      if (namespaces.length > 0) await kubectl("delete", "namespace", ...namespaces, "--wait=false", "--ignore-not-found");
      await rm(folder, { recursive: true, force: true });
    },
  };
}
