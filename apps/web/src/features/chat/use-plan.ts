import { queryOptions, useQueryClient } from "@tanstack/react-query";
import { ApiError, type Client } from "@tesslate/client/core";
import type { Contract, Plan } from "@tesslate/contract";
import { useRef, useState } from "react";
import { sentenceOf } from "../../lib/errors.ts";
import { useHandler } from "../../lib/use-handler.ts";
import { useProjectEvents, useProjectQuery, useProjectEvent } from "../../project/project-context.ts";
import type { ProjectEvents } from "../../project/project-events.ts";
import { useServices } from "../../project/services.ts";
import type { SendFailure, SendOptions } from "./chat.types.ts";
import { viewContextOf } from "./view-context.ts";

interface PlanAnswer {
  plan: Plan | null;
}
export const planKey = (chatId: string | undefined) => ["chat", chatId, "plan"] as const;
const planQuery = (api: Client<Contract>, chatId: string | undefined, during: ProjectEvents["during"]) =>
  queryOptions({
    queryKey: planKey(chatId),
    queryFn: ({ signal }): Promise<PlanAnswer> =>
      during<PlanAnswer>(
        () => api.plans.get({ params: { chat_id: chatId ?? "" } }, { signal }),
        (answer, event) =>
          event.type === "plan_updated" && event.data.chat_id === chatId ? withReceived(answer, event.data.plan) : answer,
      ),
    staleTime: Number.POSITIVE_INFINITY,
    refetchOnWindowFocus: false,
  });

/** The editable fields. A step whose id the server does not know is new. */
export type PlanEdit = Pick<Plan, "task" | "steps">;

const isNewer = (known: Plan | null | undefined, received: Plan): boolean =>
  known?.created_at === received.created_at && known.version > received.version;
/** An event may be older than a change that was written here. */
const withReceived = (known: PlanAnswer | undefined, plan: Plan | null): PlanAnswer =>
  known && plan && isNewer(known.plan, plan) ? known : { plan };

export interface ChatPlan {
  plan: Plan | null;
  edit: (change: (plan: Plan) => Partial<PlanEdit>) => void;
  discard: () => Promise<void>;
  build: (options: SendOptions) => Promise<SendFailure | undefined>;
  /** Why the last edit was not saved. */
  failure: string | undefined;
}

/** The plan of a chat. Edits are shown at once and written one after another, each based on the version before. */
export function usePlan(chatId: string | undefined): ChatPlan {
  const events = useProjectEvents();
  const { api } = useServices();
  const queries = useQueryClient();
  const { data } = useProjectQuery({ ...planQuery(api, chatId, events.during), enabled: chatId !== undefined });
  const [failure, setFailure] = useState<string>();
  const params = { chat_id: chatId ?? "" };
  const writing = useRef({ count: 0, done: Promise.resolve(), version: 0 });
  const show = (plan: Plan | null) => queries.setQueryData<PlanAnswer>(planKey(chatId), { plan });

  useProjectEvent("plan_updated", ({ chat_id, plan }) => {
    if (chat_id === chatId && writing.current.count === 0)
      queries.setQueryData<PlanAnswer>(planKey(chatId), (known) => withReceived(known, plan));
  });

  const write = async (wanted: Plan): Promise<void> => {
    const state = writing.current;
    try {
      const written = await api.plans.put(
        {
          params,
          body: { task: wanted.task, critical_files: wanted.critical_files, steps: wanted.steps },
        },
        { headers: { "if-match": `"${state.version}"` } },
      );
      state.version = written.version;
      setFailure(undefined);
      if (state.count === 1) show(written);
    } catch (error) {
      const isOvertaken = error instanceof ApiError && error.code === "etag_mismatch";
      setFailure(isOvertaken ? "The plan changed while you were editing. Your last edit wasn't saved." : sentenceOf(error));
      if (state.count === 1) await queries.invalidateQueries({ queryKey: planKey(chatId) });
    } finally {
      state.count -= 1;
    }
  };

  return {
    plan: data?.plan ?? null,
    failure,
    edit: useHandler((change: (plan: Plan) => Partial<PlanEdit>) => {
      const current = queries.getQueryData<PlanAnswer>(planKey(chatId))?.plan;
      if (!current) return;
      const state = writing.current;
      if (state.count === 0) state.version = current.version;
      const next = { ...current, ...change(current) };
      show(next);
      state.count += 1;
      state.done = state.done.then(() => write(next));
    }),
    discard: useHandler(async () => {
      await writing.current.done;
      await api.plans.remove({ params });
      show(null);
    }),
    build: useHandler(async ({ editMode, model, agentId }: SendOptions) => {
      await writing.current.done;
      const version = queries.getQueryData<PlanAnswer>(planKey(chatId))?.plan?.version ?? 0;
      try {
        await api.plans.build(
          {
            params,
            body: {
              edit_mode: editMode === "plan" ? "ask" : editMode,
              view_context: viewContextOf(location.pathname),
              ...(agentId && { agent_id: agentId }),
              ...(model && { model }),
            },
          },
          { headers: { "if-match": `"${version}"` } },
        );
        return undefined;
      } catch (error) {
        if (error instanceof ApiError && error.code === "etag_mismatch") await queries.invalidateQueries({ queryKey: planKey(chatId) });
        return { code: error instanceof ApiError ? error.code : "unknown", message: sentenceOf(error) };
      }
    }),
  };
}
