import type { AdminBase, AdminReview, AdminTheme, List } from "@tesslate/contract";
import { badRequest, conflict, invalid, notFound } from "../../../platform/errors.ts";
import { pageOf, type PageQuery } from "../../../platform/pagination.ts";
import type { Actor, Audit } from "../../accounts/audit/index.ts";
import type { ModeratedBase, ModeratedTheme, ModerationStore } from "./moderation.store.ts";

export type Moderation = ReturnType<typeof createModeration>;
/** Hiding, restoring and deleting by administrators, each with an audit log entry. */
export function createModeration({ store, audit }: { store: ModerationStore; audit: Audit }) {
  return {
    bases: async (query: PageQuery & { search?: string; is_active?: boolean }): Promise<List<AdminBase>> => {
      const page = pageOf(query);
      const { rows, total } = await store.listBases(query, page);
      return page.envelope(rows.map(presentAdminBase), total);
    },
    /** Throws 404, `nothing_to_change`, 422 for hiding without a reason, `conflict` for a template its creator deleted. */
    updateBase: async (
      actor: Actor,
      ref: string,
      { is_active, is_featured, reason }: { is_active?: boolean; is_featured?: boolean; reason?: string },
    ): Promise<AdminBase> => {
      if (is_active === undefined && is_featured === undefined) throw badRequest("No changes given.", "nothing_to_change");
      if (is_active === false && reason === undefined) throw invalid(["body", "reason"], "A reason is required for the audit log");
      return audit.change(actor, async ({ tx, record, recordNothing }) => {
        const found = await store.lockBase(tx, ref);
        if (!found) throw notFound("Base");
        const { base } = found;
        const isToggled = is_active !== undefined && is_active !== base.is_active;
        const isMoved = is_featured !== undefined && is_featured !== base.is_featured;
        if (isToggled && is_active && !found.is_hidden)
          throw conflict("conflict", "The creator deleted this template, so it cannot be restored.");
        if (!isToggled && !isMoved) recordNothing();
        else await store.updateBase(tx, base.id, { ...(isToggled && { is_active }), ...(isMoved && { is_featured }) });
        const entry = {
          target: { type: "base", id: base.id, name: base.name } as const,
          ...(reason !== undefined && { reason }),
          details: { slug: base.slug },
        };
        if (isToggled) await record({ ...entry, action: is_active ? "base.restore" : "base.disable" });
        if (isMoved) await record({ ...entry, action: is_featured ? "base.feature" : "base.unfeature" });
        const after = await store.lockBase(tx, base.id);
        if (!after) throw notFound("Base");
        return presentAdminBase(after);
      });
    },
    themes: async (query: PageQuery & { search?: string; is_active?: boolean }): Promise<List<AdminTheme>> => {
      const page = pageOf(query);
      const { rows, total } = await store.listThemes(query, page);
      return page.envelope(rows.map(presentAdminTheme), total);
    },
    /** Throws 404, `nothing_to_change`, 422 for hiding without a reason. */
    updateTheme: async (
      actor: Actor,
      id: string,
      { is_active, is_featured, reason }: { is_active?: boolean; is_featured?: boolean; reason?: string },
    ): Promise<AdminTheme> => {
      if (is_active === undefined && is_featured === undefined) throw badRequest("No changes given.", "nothing_to_change");
      if (is_active === false && reason === undefined) throw invalid(["body", "reason"], "A reason is required for the audit log");
      return audit.change(actor, async ({ tx, record, recordNothing }) => {
        const found = await store.lockTheme(tx, id);
        if (!found) throw notFound("Theme");
        const { theme } = found;
        const isToggled = is_active !== undefined && is_active !== theme.is_active;
        const isMoved = is_featured !== undefined && is_featured !== theme.is_featured;
        const values = { ...(isToggled && { is_active }), ...(isMoved && { is_featured }) };
        if (isToggled || isMoved) await store.updateTheme(tx, id, values);
        else recordNothing();
        const entry = { target: { type: "theme", id, name: theme.name } as const, ...(reason !== undefined && { reason }) };
        if (isToggled) await record({ ...entry, action: is_active ? "theme.restore" : "theme.disable" });
        if (isMoved) await record({ ...entry, action: is_featured ? "theme.feature" : "theme.unfeature" });
        return presentAdminTheme({ ...found, theme: { ...theme, ...values } });
      });
    },
    reviews: async (query: PageQuery & { search?: string }): Promise<List<AdminReview>> => {
      const page = pageOf(query);
      const { rows, total } = await store.listReviews(query, page);
      return page.envelope(rows, total);
    },
    /** The deleted text is kept in the audit log. Throws 404. */
    removeReview: (actor: Actor, id: string, reason: string): Promise<void> =>
      audit.change(actor, async ({ tx, record }) => {
        const removed = await store.removeReview(tx, id);
        if (!removed) throw notFound("Review");
        await record({
          action: "review.remove",
          target: { type: removed.item_type, id: removed.item_id, name: removed.item_name },
          reason,
          details: { author_id: removed.user_id, rating: removed.rating, comment: removed.comment },
        });
      }),
  };
}

const presentAdminBase = ({ base, created_by_username, is_hidden }: ModeratedBase): AdminBase => ({
  id: base.id,
  name: base.name,
  slug: base.slug,
  description: base.description,
  category: base.category,
  source_type: base.source_type,
  git_repo_url: base.git_repo_url,
  visibility: base.visibility,
  is_featured: base.is_featured,
  is_active: base.is_active,
  is_hidden,
  downloads: base.downloads,
  rating: base.rating,
  reviews_count: base.reviews_count,
  created_at: base.created_at,
  created_by_username,
});

const presentAdminTheme = ({ theme, created_by_username }: ModeratedTheme): AdminTheme => ({
  id: theme.id,
  name: theme.name,
  description: theme.description ?? "",
  mode: theme.mode,
  category: theme.category,
  is_published: theme.is_published,
  is_featured: theme.is_featured,
  is_active: theme.is_active,
  downloads: theme.downloads,
  created_at: theme.created_at,
  created_by_username,
});
