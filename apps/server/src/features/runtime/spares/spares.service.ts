import { randomUUID } from "node:crypto";
import { RuntimeError, type RuntimeDriver, type ServiceSpec } from "@tesslate/runtime";
import type { Queries } from "../../../platform/database.ts";
import type { Logger } from "../../../platform/logger.ts";
import type { MemoryUse } from "../../../platform/memory.ts";
import type { ServerSettings } from "../../../platform/server-settings.ts";
import type { ProjectRow } from "../../../db/schema/projects.ts";
import { newSlug, type BundledTemplate, type SpareProjects, type Templates } from "../../projects/projects/index.ts";
import type { EarlyServices, ProjectOfNew } from "../containers/index.ts";
import type { createStartRows } from "./spare-start.ts";
import type { TemplateRows } from "./template-rows.ts";

/** Ids of sandboxes that belong to no project yet, so that the next server removes what a crash left. */
export const spareIdsKey = "spares.ids";
/** One spare project per this much memory, and none below. */
const memoryPerSpare = 8 * 2 ** 30;
const maxAutomatic = 4;
/** Memory that must be free below the watermark before another one is started. */
const roomBytes = 2 ** 30;
const retryMs = 60_000;
const longestRetryMs = 3_600_000;
/** How long it takes at most from the id of a new project to its setup. */
const setupMs = 5 * 60_000;

interface Spare {
  id: string;
  template: BundledTemplate;
  image: string;
  rows: TemplateRows;
  specs: ReadonlyMap<string, ServiceSpec>;
}

export type Spares = ReturnType<typeof createSpares>;
/**
 * Keeps projects of the most used templates running and frozen, one per template, which the next projects from these templates become
 * (`docs/decisions/0029-spare-projects.md`). They have a sandbox and no rows: nothing lists, counts or stores them, except their ids for the
 * removal after a crash.
 */
export function createSpares({
  count,
  canKeep,
  runtime,
  templates,
  countUses,
  images,
  limits,
  plan,
  start,
  insert,
  inserted,
  early,
  exists,
  settings,
  memory: { read, watermarkPercent },
  pauseMs,
  log,
}: {
  /** How many; `undefined`: by the memory of the machine. */
  count: number | undefined;
  /** Whether this server and its driver can. */
  canKeep: () => boolean;
  runtime: Pick<RuntimeDriver, "open" | "remove" | "removeHistory" | "find" | "findImage">;
  templates: Templates;
  /** Projects of this installation by template. */
  countUses: () => Promise<ReadonlyMap<string, number>>;
  /** Preparation of images, which goes first, and its changes. */
  images: { areBusy(): boolean; follow(signal: AbortSignal): AsyncIterable<unknown> };
  limits: { memoryBytes: number; cpus: number; diskBytes: number };
  plan: (project: ProjectOfNew, template: BundledTemplate) => Promise<TemplateRows>;
  start: ReturnType<typeof createStartRows>;
  insert: (tx: Queries, project: ProjectOfNew, rows: TemplateRows) => Promise<{ id: string } | undefined>;
  /** Called after the commit. */
  inserted: (projectId: string) => Promise<void>;
  early: Pick<EarlyServices, "keep">;
  /** Whether there is a project with this id. */
  exists: (projectId: string) => Promise<boolean>;
  settings: Pick<ServerSettings, "get" | "set">;
  memory: { read: () => Promise<MemoryUse | undefined>; watermarkPercent: number };
  /** Until one that was taken is replaced: the person who has it loads its first page, which needs the CPU. */
  pauseMs: number;
  log: Logger;
}) {
  const ready = new Map<string, Spare>();
  /** By id: of projects that are being created. */
  const taken = new Map<string, Spare>();
  const failures = new Map<string, { count: number; retryAt: number }>();
  const closing = new AbortController();
  /** Every sandbox that this server made and no project has. */
  const ids = new Set<string>();
  let writing: Promise<void> = Promise.resolve();
  let timer: { handle: NodeJS.Timeout; dueAt: number } | undefined;
  let filling: Promise<void> = Promise.resolve();
  let limit = 0;

  const saveIds = (): Promise<void> => {
    const write = writing.then(() => settings.set(spareIdsKey, [...ids]));
    writing = write.catch((err: unknown) => log.warn({ err }, "ids of spare projects not stored"));
    return write;
  };
  const remove = async (id: string): Promise<void> => {
    await runtime.remove(id);
    await runtime.removeHistory(id);
    ids.delete(id);
    await saveIds();
  };
  const discard = (id: string): Promise<void> =>
    remove(id).catch((err: unknown) => log.warn({ err, sandbox: id }, "spare project not removed"));
  /** At the first time that is asked for. */
  const schedule = (ms: number) => {
    if (limit === 0 || closing.signal.aborted || (timer && timer.dueAt <= Date.now() + ms)) return;
    clearTimeout(timer?.handle);
    const run = () => {
      timer = undefined;
      filling = filling.then(fillOrRetry);
    };
    timer = { handle: setTimeout(run, ms).unref(), dueAt: Date.now() + ms };
  };

  /** Those that get one, most used first. One whose apps are not known yet has nothing to start. */
  const wanted = async (): Promise<BundledTemplate[]> => {
    const uses = await countUses();
    const usesOf = ({ api }: BundledTemplate) => uses.get(api.slug) ?? 0;
    return templates
      .list()
      .filter((template) => template.service.command !== null && (usesOf(template) > 0 || template.api.is_default))
      .toSorted((a, b) => usesOf(b) - usesOf(a))
      .slice(0, limit);
  };
  const imageOf = async ({ image }: BundledTemplate) => {
    const found = await runtime.findImage(image);
    return found && (found.isWarm || !image.warm) ? found.id : undefined;
  };
  const hasRoom = async (): Promise<boolean> => {
    const use = watermarkPercent === 0 ? undefined : await read();
    return !use || use.usedBytes + roomBytes <= (use.totalBytes * watermarkPercent) / 100;
  };
  const make = async (template: BundledTemplate, image: string): Promise<void> => {
    const id = randomUUID();
    const begun = Date.now();
    ids.add(id);
    await saveIds();
    try {
      const rows = await plan({ id, slug: newSlug(template.api.slug) }, template);
      const hostnames = rows.containers.map(({ service_key }) => service_key);
      // Other programs go first. The limits are those of its owner once it has one.
      const sandbox = await runtime.open({ id, image, hostnames, limits: { ...limits, cpuWeight: 1 } });
      const specs = await start(sandbox, rows, template.image.warm?.path, closing.signal);
      await sandbox.freeze();
      closing.signal.throwIfAborted();
      ready.set(template.api.slug, { id, template, image, rows, specs });
      log.info({ template: template.api.slug, duration_ms: Date.now() - begun }, "spare project ready");
    } catch (error) {
      await discard(id);
      throw error;
    }
  };
  const fill = async (): Promise<void> => {
    // Continues when that has ended.
    if (images.areBusy()) return;
    const chosen = await wanted();
    for (const [slug, { id, image, template }] of ready)
      if (!chosen.includes(template) || (await imageOf(template)) !== image) {
        ready.delete(slug);
        await discard(id);
      }
    for (const template of chosen) {
      const image = ready.has(template.api.slug) ? undefined : await imageOf(template);
      if (image === undefined || closing.signal.aborted) continue;
      if (!(await hasRoom())) return schedule(retryMs);
      await attempt(template, image);
    }
  };
  /** One that cannot be started holds up no other. */
  const attempt = async (template: BundledTemplate, image: string): Promise<void> => {
    const { slug } = template.api;
    const failed = failures.get(slug);
    if (failed && Date.now() < failed.retryAt) return schedule(failed.retryAt - Date.now());
    try {
      await make(template, image);
      failures.delete(slug);
    } catch (error) {
      if (closing.signal.aborted) return;
      const count = (failed?.count ?? 0) + 1;
      const delay = Math.min(longestRetryMs, retryMs * 2 ** (count - 1));
      failures.set(slug, { count, retryAt: Date.now() + delay });
      // A message of the driver has lines of the program.
      const reason = error instanceof RuntimeError ? error.code : String(error);
      log.warn({ template: slug, reason, retry_in_ms: delay }, "spare project not started");
      schedule(delay);
    }
  };
  const fillOrRetry = async (): Promise<void> => {
    if (closing.signal.aborted) return;
    try {
      await fill();
    } catch (err) {
      log.warn({ err }, "spare projects not filled");
      schedule(retryMs);
    }
  };
  const followImages = async (): Promise<void> => {
    for await (const _ of images.follow(closing.signal)) schedule(0);
  };
  /** The creation of its project failed, or a crash of the database hides whether it did. */
  const expire = async (id: string): Promise<void> => {
    if (taken.delete(id) && !(await exists(id))) await discard(id);
  };

  const projects: SpareProjects = {
    take: (slug) => {
      schedule(pauseMs);
      const spare = ready.get(slug);
      if (!spare) return undefined;
      ready.delete(slug);
      taken.set(spare.id, spare);
      setTimeout(() => void expire(spare.id).catch((err: unknown) => log.warn({ err }, "spare project not removed")), setupMs).unref();
      return spare.id;
    },
    giveBack: (id) => {
      const spare = taken.get(id);
      if (!spare) return;
      taken.delete(id);
      const { slug } = spare.template.api;
      if (ready.has(slug)) void discard(id);
      else ready.set(slug, spare);
    },
    adopt: async (project: ProjectRow) => {
      const spare = taken.get(project.id);
      // A runner may have lost it.
      if (!spare || !(await runtime.find(project.id))) return undefined;
      return {
        finish: (tx) => {
          // From the commit on it can be started.
          early.keep(project.id, spare.specs);
          return insert(tx, project, spare.rows);
        },
        committed: async () => {
          taken.delete(project.id);
          ids.delete(project.id);
          await inserted(project.id);
          void saveIds();
        },
      };
    },
  };

  return {
    ...projects,
    /** Before anything else of the runtime is reconciled: removes what an earlier server left. */
    reconcile: async (): Promise<void> => {
      const left = (await settings.get<string[]>(spareIdsKey)) ?? [];
      for (const id of left) if (!(await exists(id))) await remove(id);
      if (left.length > 0) await saveIds();
    },
    /** Starts to keep them. */
    start: async (): Promise<void> => {
      if (!canKeep()) return;
      limit = count ?? Math.min(maxAutomatic, Math.floor(((await read())?.totalBytes ?? 0) / memoryPerSpare));
      if (limit > 0) void followImages().catch((err: unknown) => log.warn({ err }, "preparation not followed"));
    },
    /** How many are ready, by template. */
    counts: (): ReadonlyMap<string, number> => new Map([...ready.keys()].map((slug) => [slug, 1])),
    /** Removes the one that is used least. False when there is none. */
    release: async (): Promise<boolean> => {
      const uses = await countUses();
      const [least] = [...ready.values()].toSorted((a, b) => (uses.get(a.template.api.slug) ?? 0) - (uses.get(b.template.api.slug) ?? 0));
      if (!least || !ready.delete(least.template.api.slug)) return false;
      log.warn({ template: least.template.api.slug }, "removing spare project: memory is low");
      await discard(least.id);
      schedule(retryMs);
      return true;
    },
    close: async (): Promise<void> => {
      closing.abort();
      clearTimeout(timer?.handle);
      await filling;
      await Promise.all([...ready.values()].map(({ id }) => discard(id)));
      ready.clear();
      await writing;
    },
  };
}
