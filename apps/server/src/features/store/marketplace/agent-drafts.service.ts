import type { AgentDraft } from "@tesslate/contract";
import { invalid } from "../../../platform/errors.ts";
import type { AgentCatalogue } from "./agents.service.ts";
import type { AgentDraftRow, AgentDraftsStore } from "./agent-drafts.store.ts";
import type { Viewer } from "./viewer.ts";

const maxBytes = 256 * 1024;

export type AgentDrafts = ReturnType<typeof createAgentDrafts>;
/** Unsaved changes to agents, per user and agent; one draft of a new agent per user. */
export function createAgentDrafts({ store, catalogue }: { store: AgentDraftsStore; catalogue: Pick<AgentCatalogue, "require"> }) {
  /** Throws 404 for an agent that the user cannot see. Administrators have no drafts of agents that only they and the owner see. */
  const agentIdOf = async ({ id }: NonNullable<Viewer>, ref: string): Promise<string | null> =>
    ref === "new" ? null : (await catalogue.require({ id, is_superuser: false }, ref)).agent.id;
  return {
    get: async (user: NonNullable<Viewer>, ref: string): Promise<AgentDraft> =>
      presentDraft(await store.find(user.id, await agentIdOf(user, ref))),
    save: async (user: NonNullable<Viewer>, ref: string, draft: Record<string, unknown> | null): Promise<AgentDraft> => {
      const agentId = await agentIdOf(user, ref);
      if (draft === null) {
        await store.remove(user.id, agentId);
        return presentDraft(undefined);
      }
      if (Buffer.byteLength(JSON.stringify(draft)) > maxBytes) throw invalid(["body", "draft"], "Limited to 256 KiB");
      return presentDraft(await store.save(user.id, agentId, draft));
    },
  };
}

const presentDraft = (row: AgentDraftRow | undefined): AgentDraft => ({ draft: row?.draft ?? null, updated_at: row?.updated_at ?? null });
