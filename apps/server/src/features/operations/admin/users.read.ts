import type { AdminUser, AdminUserDetail, List, Session, UserFilter } from "@tesslate/contract";
import { centsOf } from "../../../platform/amounts.ts";
import { pagesOf } from "../../../platform/csv.ts";
import { notFound } from "../../../platform/errors.ts";
import { pageOf, type PageQuery } from "../../../platform/pagination.ts";
import type { Sessions } from "../../accounts/auth/index.ts";
import type { AdminUsersStore, ListedUser } from "./users.store.ts";

export type AdminUserReads = ReturnType<typeof createAdminUserReads>;
/** All accounts, as administrators see them. */
export function createAdminUserReads({ store, sessions }: { store: AdminUsersStore; sessions: Pick<Sessions, "list"> }) {
  const require = async (id: string): Promise<ListedUser> => {
    const row = await store.find(id);
    if (!row) throw notFound("User");
    return row;
  };
  const detailOf = async (id: string): Promise<AdminUserDetail> => {
    const [row, facts, recent_projects] = await Promise.all([require(id), store.facts(id), store.recentProjects(id)]);
    const { tokens_input, tokens_output, cost_total, ...counts } = facts;
    return {
      ...presentAdminUser(row),
      slug: row.slug,
      bio: row.bio,
      twitter_handle: row.twitter_handle,
      github_username: row.github_username,
      website_url: row.website_url,
      stripe_customer_id: row.stripe_customer_id,
      stripe_subscription_id: row.stripe_subscription_id,
      support_tier: row.support_tier,
      suspended_at: row.suspended_at,
      suspended_reason: row.suspended_reason,
      deleted_at: row.deleted_at,
      deleted_reason: row.deleted_reason,
      daily_credits: row.daily_credits,
      signup_bonus_credits: row.living_bonus,
      signup_bonus_expires_at: row.signup_bonus_expires_at,
      credits_reset_date: row.credits_reset_at,
      referral_code: row.referral_code,
      referred_by: row.referred_by,
      two_fa_enabled: row.two_fa_enabled,
      has_password: row.hashed_password !== null,
      ...counts,
      usage_stats: {
        total_tokens_input: tokens_input,
        total_tokens_output: tokens_output,
        total_cost_cents: centsOf(cost_total),
      },
      recent_projects,
      updated_at: row.updated_at,
    };
  };

  return {
    list: async (query: PageQuery & UserFilter): Promise<List<AdminUser>> => {
      const page = pageOf(query);
      const search = query.search?.trim();
      const { search: _, ...filter } = query;
      const { rows, total } = await store.list({ ...filter, ...(search && { search }) }, page);
      return page.envelope(rows.map(presentAdminUser), total);
    },
    /** All matching users, page by page. */
    pages: (filter: UserFilter): AsyncIterable<AdminUser[]> =>
      pagesOf<AdminUser>(async (after) => (await store.listAfter(filter, after?.id, 500)).map(presentAdminUser)),
    get: detailOf,
    sessions: async (id: string, query: PageQuery): Promise<List<Session>> => {
      await require(id);
      return sessions.list(id, undefined, query);
    },
  };
}

const presentAdminUser = (row: ListedUser): AdminUser => ({
  id: row.id,
  email: row.email,
  username: row.username,
  name: row.name,
  avatar_url: row.avatar_url,
  subscription_tier: row.subscription_tier,
  is_active: row.is_active,
  is_suspended: row.is_suspended,
  is_deleted: row.is_deleted,
  is_verified: row.is_verified,
  is_superuser: row.is_superuser,
  total_credits: row.daily_credits + row.bundled_credits + row.living_bonus + row.purchased_credits,
  bundled_credits: row.bundled_credits,
  purchased_credits: row.purchased_credits,
  total_spend_cents: row.total_spend_cents,
  project_count: row.project_count,
  is_creator: row.is_creator,
  last_active_at: row.last_active_at,
  created_at: row.created_at,
});
