import type { AgentDetail, List, RecordableRun, RecordedRun, Transcript } from "@tesslate/contract";
import { forbidden, invalid, notFound } from "../../../platform/errors.ts";
import type { AgentCatalogue } from "./agents.service.ts";
import { isOwnerOf } from "./agents.present.ts";
import type { MarketplaceLimits } from "./limits.ts";
import { keyIn, recordedEvents } from "./recorded-events.ts";
import type { RecordedRunsStore } from "./recorded-runs.store.ts";
import type { Viewer } from "./viewer.ts";

const maxBytes = 1024 * 1024;
const maxCandidates = 20;

export type RecordedRuns = ReturnType<typeof createRecordedRuns>;
/** Runs that creators show on the pages of their agents. */
export function createRecordedRuns({
  store,
  agents,
  limits,
  readRun,
}: {
  store: RecordedRunsStore;
  agents: Pick<AgentCatalogue, "require" | "lock" | "detail">;
  limits: MarketplaceLimits;
  /** The transcript of one run of a person's chat; throws 404. */
  readRun(userId: string, chatId: string, taskId: string): Promise<Transcript>;
}) {
  const requireOwn = async (user: NonNullable<Viewer>, ref: string): Promise<string> => {
    const { agent } = await agents.require(user, ref);
    if (!isOwnerOf(user, agent)) throw forbidden("forbidden", "Only the creator of an agent can choose its recorded run.");
    return agent.id;
  };
  return {
    get: async (viewer: Viewer, ip: string, ref: string): Promise<RecordedRun> => {
      await limits.browse(ip);
      const { agent } = await agents.require(viewer, ref);
      const run = await store.find(agent.id);
      if (!run) throw notFound("Recorded run");
      const { message, model, ran_at, duration_ms, events, example_digest } = run;
      return { message, model, ran_at, duration_ms, events, is_example: example_digest !== null };
    },
    candidates: async (user: NonNullable<Viewer>, ref: string): Promise<List<RecordableRun>> => {
      const runs = await store.listOwnRuns(user.id, await requireOwn(user, ref), { limit: maxCandidates });
      const items = runs.map(({ chat_id: _chat, ...run }) => run);
      return { items, total: items.length, page: 1, total_pages: items.length === 0 ? 0 : 1 };
    },
    /** Throws 404, 403, and 422 for a run that cannot be shown. */
    set: async (user: NonNullable<Viewer>, ref: string, taskId: string): Promise<AgentDetail> => {
      await limits.write(user.id, "recording");
      const agentId = await requireOwn(user, ref);
      const refuse = (why: string) => invalid(["body", "task_id"], why);
      const [run] = await store.listOwnRuns(user.id, agentId, { limit: 1, taskId });
      if (!run) throw refuse("Must be a successful run of yours with this agent");
      const { entries } = await readRun(user.id, run.chat_id, taskId);
      const events = recordedEvents(entries.flatMap((entry) => (entry.type === "run" ? entry.events : [])));
      if (events.length === 0) throw refuse("The steps of this run are no longer stored");
      if (Buffer.byteLength(JSON.stringify(events)) > maxBytes) throw refuse("This run is larger than 1 MiB. Choose a shorter one");
      const key = keyIn(events, run.message);
      if (key !== undefined) throw refuse(`This run contains ${key}. Choose another one`);
      await store.transaction(async (tx) => {
        const { agent, isOwn } = await agents.lock(tx, user, agentId);
        if (!isOwn) throw notFound("Agent");
        await store.set(tx, agent.id, run, events);
      });
      return agents.detail(user, agentId);
    },
    remove: async (user: NonNullable<Viewer>, ref: string): Promise<AgentDetail> => {
      const agentId = await requireOwn(user, ref);
      await store.transaction(async (tx) => {
        await agents.lock(tx, user, agentId);
        await store.remove(tx, agentId);
      });
      return agents.detail(user, agentId);
    },
  };
}
