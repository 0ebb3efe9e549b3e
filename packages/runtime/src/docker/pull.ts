import type Docker from "dockerode";
import { RuntimeError } from "../errors.ts";
import { ignoreMissing, reasonOf } from "./engine.ts";

interface Options {
  signal?: AbortSignal | undefined;
  /** Progress lines. */
  onProgress?: ((line: string) => void) | undefined;
}

/** At most one line in this time. */
const progressMs = 2_000;

/** The image of that name, pulled when it is missing. Throws `unavailable` with the reason. */
export async function ensureImage(docker: Docker, name: string, { signal, onProgress }: Options): Promise<Docker.ImageInspectInfo> {
  const known = await docker.getImage(name).inspect().catch(ignoreMissing);
  if (known) return known;
  onProgress?.(`fetching ${name}`);
  try {
    // Without a tag the engine would pull all of them.
    const reference = /(@|:[^/]+$)/.test(name) ? name : `${name}:latest`;
    const progress = await docker.pull(reference, { abortSignal: signal });
    await follow(docker, progress, name, onProgress);
    onProgress?.(`fetched ${name}`);
    return await docker.getImage(name).inspect();
  } catch (cause) {
    if (signal?.aborted) throw new RuntimeError("aborted", `pulling ${name} was aborted`, { cause });
    throw new RuntimeError("unavailable", `the image ${name} cannot be pulled: ${reasonOf(cause)}`, { cause });
  }
}

interface Step {
  id?: string;
  status?: string;
  progressDetail?: { current?: number; total?: number };
}

function follow(docker: Docker, progress: NodeJS.ReadableStream, name: string, onProgress: Options["onProgress"]): Promise<void> {
  const layers = new Map<string, { current: number; total: number; isDone: boolean }>();
  let reportedAt = Date.now();
  const onStep = ({ id, status = "", progressDetail }: Step) => {
    if (id === undefined || status.startsWith("Pulling from")) return;
    const layer = layers.get(id) ?? { current: 0, total: 0, isDone: false };
    layers.set(id, layer);
    if (status === "Downloading") Object.assign(layer, { current: progressDetail?.current ?? 0, total: progressDetail?.total ?? 0 });
    layer.isDone ||= status === "Pull complete" || status === "Already exists";
    if (Date.now() - reportedAt < progressMs) return;
    reportedAt = Date.now();
    const all = [...layers.values()];
    const mib = (pick: "current" | "total") => Math.round(all.reduce((sum, each) => sum + each[pick], 0) / 2 ** 20);
    onProgress?.(
      `fetching ${name}: ${all.filter((each) => each.isDone).length} of ${all.length} layers, ${mib("current")} of ${mib("total")} MiB`,
    );
  };
  return new Promise((resolve, reject) =>
    docker.modem.followProgress(progress, (error: Error | null) => (error ? reject(error) : resolve()), onStep),
  );
}
