import { queryOptions } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { api } from "../../api.ts";
import { readStored, writeStored } from "../../lib/storage.ts";
import { useHandler } from "../../lib/use-handler.ts";
import { useKept } from "../../lib/use-kept.ts";
import { isAgentDraft, type AgentDraft } from "./agent-form.ts";

const pauseMs = 700;

/** The draft on the server. Read again by each visit. `ref`: `new`, or the id of the agent. */
export const agentDraftQuery = (ref: string) =>
  queryOptions({
    queryKey: ["agent-draft", ref],
    queryFn: ({ signal }) => api.agentDrafts.get({ params: { ref } }, { signal }),
    gcTime: 0,
    retry: false,
  });

const isTrue = (value: unknown): value is true => value === true;

/**
 * What was changed of an agent and not saved: kept in this browser at once, and on the server after a pause. `stored` is the server's draft when the
 * form opened; it replaces this browser's, unless that has changes that the server did not get.
 */
export function useAgentDraft(userId: string, ref: string, empty: AgentDraft, stored: unknown) {
  const key = `studio:agent-form:${userId}:${ref}`;
  const unsentKey = `${key}:unsent`;
  useState(() => {
    if (isAgentDraft(stored) && !readStored(localStorage, unsentKey, isTrue)) writeStored(localStorage, key, stored);
  });
  const kept = useKept(key, isAgentDraft, empty);
  const [state, setState] = useState<"stored" | "storing" | "local">("stored");
  const pending = useRef<{ timer: number; draft: AgentDraft }>(undefined);

  const send = useHandler(async (draft: AgentDraft | null) => {
    pending.current = undefined;
    try {
      await api.agentDrafts.save({ params: { ref }, body: { draft: draft as Record<string, unknown> | null } });
      // A newer change may wait to be saved.
      if (pending.current) return;
      writeStored(localStorage, unsentKey, undefined);
      setState("stored");
    } catch {
      setState("local");
    }
  });
  useEffect(
    () => () => {
      if (!pending.current) return;
      clearTimeout(pending.current.timer);
      void send(pending.current.draft);
    },
    [send],
  );
  return {
    value: kept.value,
    /** Whether the server has the draft, gets it now, or could not be reached. */
    state,
    write: (draft: AgentDraft) => {
      kept.write(draft);
      writeStored(localStorage, unsentKey, true);
      setState("storing");
      if (pending.current) clearTimeout(pending.current.timer);
      pending.current = { draft, timer: window.setTimeout(() => void send(draft), pauseMs) };
    },
    /** After it was saved or discarded. */
    forget: (draft: AgentDraft) => {
      kept.forget(draft);
      if (pending.current) clearTimeout(pending.current.timer);
      writeStored(localStorage, unsentKey, undefined);
      void send(null);
    },
  };
}
