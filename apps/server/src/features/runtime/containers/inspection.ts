import type { LogEvent } from "@tesslate/contract";
import { fetchPort, keptLogLines, RuntimeError, type Sandbox, type SandboxPort } from "@tesslate/runtime";
import type { Outbound } from "../../../platform/outbound.ts";
import type { Projects } from "../../projects/projects/index.ts";
import type { Redactions } from "../../projects/secrets/index.ts";
import type { ContainerView } from "./container-view.ts";
import type { ContainerReads } from "./containers.read.ts";
import type { ContainerRow } from "../../../db/schema/runtime.ts";
import { isManaged } from "./service-state.ts";
import type { ServiceReach } from "./service-reach.ts";

const probeMs = 5000;

/** Health checks and logs of containers. */
export type ContainerInspection = ReturnType<typeof createContainerInspection>;

export function createContainerInspection({
  containers,
  projects,
  services,
  redactions,
  view,
  outbound,
}: {
  containers: Pick<ContainerReads, "require">;
  projects: Pick<Projects, "sandboxOf" | "lifetime">;
  services: Pick<ServiceReach, "reach">;
  redactions: Pick<Redactions, "of" | "redact">;
  view: Pick<ContainerView, "urlOf">;
  outbound: Outbound;
}) {
  const checkExternal = async (row: ContainerRow, signal: AbortSignal) => {
    const url = row.external_endpoint;
    if (!url || !/^https?:/i.test(url))
      return { healthy: false, url: null, error: "The external endpoint is not an HTTP URL, so it cannot be checked." };
    try {
      const response = await outbound.fetch(url, { signal: AbortSignal.any([signal, AbortSignal.timeout(probeMs)]) });
      await response.body?.cancel();
      return { healthy: response.status < 400, status_code: response.status, url: null };
    } catch {
      return { healthy: false, url: null, error: "The external endpoint did not respond." };
    }
  };
  return {
    health: async (userId: string, ref: string, id: string, signal: AbortSignal) => {
      const { project, row } = await containers.require(userId, ref, id);
      const url = view.urlOf(row);
      if (!isManaged(row)) return checkExternal(row, signal);
      const target = await services.reach(project, row, { mayWake: true });
      if ("status" in target) return { healthy: false, url, error: target.message };
      // A service without HTTP passed its own health check before it counted as running.
      if (row.container_type === "service" && url === null) return { healthy: true, url };
      const result = await probe(target, url ? new URL(url).host : undefined, signal);
      return { healthy: result.status_code !== undefined && result.status_code < 400, url, ...result };
    },
    /** The last `tail` lines; empty when it never ran. */
    lastLogs: async (userId: string, ref: string, id: string, tail: number): Promise<string[]> => {
      const { project, row } = await containers.require(userId, ref, id);
      const { redact } = await redactions.of(project.id);
      const sandbox = await projects.sandboxOf(project);
      const lines: string[] = [];
      if ((await sandbox.services()).some((service) => service.name === row.service_key))
        for await (const { line } of sandbox.logs(row.service_key, { tail })) lines.push(redact(line));
      return lines;
    },
    /** The last `tail` lines, then live ones until the signal aborts; from `afterSeq` on when resuming. Secrets are redacted. */
    logs: async (
      userId: string,
      ref: string,
      id: string,
      { tail, afterSeq, signal }: { tail: number; afterSeq: number | undefined; signal: AbortSignal },
    ): Promise<AsyncIterable<LogEvent>> => {
      const { project, row } = await containers.require(userId, ref, id);
      // Fail before the stream starts when redaction is not available.
      await redactions.of(project.id);
      const sandbox = await projects.sandboxOf(project);
      const streamSignal = AbortSignal.any([signal, projects.lifetime(project.id)]);
      return (async function* () {
        if (!(await hasRun(sandbox, row.service_key, streamSignal))) return;
        // A resuming client may have missed more than `tail` lines; the driver keeps `keptLogLines`.
        const lines = sandbox.logs(row.service_key, {
          tail: afterSeq === undefined ? tail : keptLogLines,
          follow: true,
          signal: streamSignal,
        });
        for await (const { seq, ts, stream, line } of lines)
          if (afterSeq === undefined || seq > afterSeq)
            yield { seq, type: "log" as const, data: { line: await redactions.redact(project.id, line), stream, ts } };
      })();
    },
  };
}

/** Waits for the first start of a service; false when the signal aborts first. */
const hasRun = (sandbox: Sandbox, name: string, signal: AbortSignal): Promise<boolean> =>
  new Promise((resolve, reject) => {
    if (signal.aborted) return resolve(false);
    const settle = () => {
      unsubscribe();
      signal.removeEventListener("abort", quit);
    };
    const end = (isThere: boolean) => {
      settle();
      resolve(isThere);
    };
    const quit = () => end(false);
    const unsubscribe = sandbox.onState((state) => state.name === name && end(true));
    signal.addEventListener("abort", quit, { once: true });
    sandbox.services().then(
      (states) => states.some((state) => state.name === name) && end(true),
      (error: unknown) => {
        settle();
        reject(error as Error);
      },
    );
  });

async function probe(
  to: SandboxPort,
  host: string | undefined,
  signal: AbortSignal,
): Promise<{ status_code: number; error?: undefined } | { status_code?: undefined; error: string }> {
  try {
    const response = await fetchPort(to, "/", {
      headers: { ...(host !== undefined && { host }), accept: "text/html,*/*" },
      signal: AbortSignal.any([signal, AbortSignal.timeout(probeMs)]),
    });
    await response.body?.cancel();
    return { status_code: response.status };
  } catch (error) {
    const isRefused =
      error instanceof RuntimeError
        ? error.code === "unavailable"
        : (error as Error).name !== "AbortError" && (error as Error).name !== "TimeoutError";
    return { error: isRefused && !signal.aborted ? "The connection was refused." : "No response within 5 s." };
  }
}
