import { readFile } from "node:fs/promises";
import { ConfigError, type Config } from "./config.ts";
import { readPodTemplate } from "./settings/pod-template.ts";

type RunnerSettings = Config["runtime"]["runner"];

/** Throws a `ConfigError` that names the setting. */
async function readSettingFile(name: string, file: string): Promise<string> {
  return readFile(file, "utf8").catch((cause: NodeJS.ErrnoException) => {
    throw new ConfigError([
      `${name} cannot be read: ${cause.code ?? cause.message} (got ${JSON.stringify(file)}). Check path and permissions.`,
    ]);
  });
}

/** The secret of a runner, from its setting or file. Throws a `ConfigError`. */
export async function readRunnerToken({ token, tokenFile }: RunnerSettings): Promise<string> {
  const read = token?.reveal() ?? (tokenFile === undefined ? "" : (await readSettingFile("RUNNER_TOKEN_FILE", tokenFile)).trim());
  if (Buffer.byteLength(read) < 32)
    throw new ConfigError([
      "RUNNER_TOKEN, or the content of RUNNER_TOKEN_FILE, must be at least 32 bytes long. Example: RUNNER_TOKEN_FILE=/etc/tesslate/runner-token",
    ]);
  return read;
}

/** Certificates in PEM, as far as there are any. Throws a `ConfigError`. */
export async function readRunnerCertificates({ caFile, certFile, keyFile }: RunnerSettings) {
  return {
    ...(caFile !== undefined && { ca: await readSettingFile("RUNNER_CA_FILE", caFile) }),
    ...(certFile !== undefined && { cert: await readSettingFile("RUNNER_CERT_FILE", certFile) }),
    ...(keyFile !== undefined && { key: await readSettingFile("RUNNER_KEY_FILE", keyFile) }),
  };
}

/** Of `createRuntime`: the runner of `RUNTIME_DRIVER=remote`. Undefined with another driver. */
export async function readRemoteOptions({ driver, runner }: Config["runtime"]) {
  if (driver !== "remote" || runner.url === undefined) return undefined;
  return { url: runner.url, token: await readRunnerToken(runner), tls: await readRunnerCertificates(runner) };
}

/** Of `createRuntime`: the cluster of `RUNTIME_DRIVER=kubernetes`. Undefined with another driver. */
export function kubernetesOptions({ driver, kubernetes, orphanGraceMs }: Config["runtime"]) {
  const { image, requestCpus, requestMemoryBytes, outbound, podTemplate, ...more } = kubernetes;
  if (driver !== "kubernetes" || image === undefined) return undefined;
  return {
    ...more,
    image,
    requests: { cpus: requestCpus, memoryBytes: requestMemoryBytes },
    podTemplate: podTemplate === undefined ? undefined : readPodTemplate(podTemplate),
    outbound: { allow: outbound },
    orphanGraceMs,
  };
}
