import { AverageRating, extend, listOf, Literals, Maybe, Nullable, pageQuery, type Static, Timestamp, Type, Uuid } from "./schema.ts";
import { Reason } from "./admin.ts";
import { route } from "./route.ts";
import { PublicUser } from "./users.ts";

const tag = "creators";
const Username = Type.String({ minLength: 1, maxLength: 50 });

export const PayoutStatus = Literals("pending", "processing", "paid", "failed");
/** Money on its way to a creator (marketplace-billing-admin 9.4). `pending`: asked for and set aside, not sent yet. */
export const Payout = Type.Object({
  id: Uuid,
  amount_cents: Type.Integer(),
  status: PayoutStatus,
  transactions_count: Type.Integer(),
  created_at: Timestamp,
  paid_at: Nullable(Timestamp),
});
export type Payout = Static<typeof Payout>;

/** marketplace-billing-admin 9.3. Works for people who published nothing: zeros. */
export const CreatorDashboard = Type.Object({
  creator: Type.Object({
    id: Uuid,
    name: Type.String(),
    username: Type.String(),
    avatar_url: Nullable(Type.String()),
    joined_at: Timestamp,
  }),
  stats: Type.Object({
    extensions_count: Type.Integer(),
    bases_count: Type.Integer(),
    themes_count: Type.Integer(),
    total_downloads: Type.Integer(),
    total_usage: Type.Integer(),
    average_rating: AverageRating,
    total_reviews: Type.Integer(),
  }),
  /** Of the period that was asked for. */
  earnings: Type.Object({
    total_revenue_cents: Type.Integer(),
    pending_revenue_cents: Type.Integer(),
    paid_revenue_cents: Type.Integer(),
    total_requests: Type.Integer(),
    by_agent: Type.Record(Type.String(), Type.Object({ requests: Type.Integer(), revenue_cents: Type.Integer() })),
    /** The last twelve months, whatever the period; UTC. */
    by_month: Type.Array(Type.Object({ month: Type.String({ description: "2026-01" }), revenue_cents: Type.Integer() })),
    period_start: Timestamp,
    period_end: Timestamp,
  }),
  /** Of all time. */
  payouts: Type.Object({
    /** False: nothing can be asked for on this server (`payments_not_configured`). */
    is_configured: Type.Boolean(),
    connected: Type.Boolean(),
    account_id: Nullable(Type.String()),
    available_cents: Type.Integer(),
    pending_cents: Type.Integer({ description: "Earned and still held back, or asked for and not sent" }),
    paid_cents: Type.Integer(),
    minimum_cents: Type.Integer(),
    hold_days: Type.Integer(),
    history: Type.Array(Payout, { description: "The latest 50" }),
  }),
  items: Type.Array(
    Type.Object({
      id: Type.String(),
      item_type: Literals("agent", "base", "theme"),
      name: Type.String(),
      slug: Type.String(),
      downloads: Type.Integer(),
      rating: AverageRating,
      reviews_count: Type.Integer(),
      usage_count: Type.Integer(),
      revenue_cents: Type.Integer(),
      is_published: Type.Boolean(),
    }),
  ),
  revenue_share: Type.Number(),
});
export type CreatorDashboard = Static<typeof CreatorDashboard>;

/** marketplace-billing-admin 9.3 and 9.4. */
export const creatorStudioRoutes = {
  dashboard: route({
    method: "GET",
    path: "/api/creators/dashboard",
    tag,
    summary: "What one has published, what it earned, and what of that was paid",
    auth: "user",
    query: Type.Object({
      start_date: Type.Optional(Type.String({ format: "date-time", description: "Default: the first of this month, UTC" })),
      end_date: Type.Optional(Type.String({ format: "date-time", description: "Default: now" })),
    }),
    response: CreatorDashboard,
  }),
  payout: route({
    method: "POST",
    path: "/api/creators/payout",
    tag,
    summary: "Ask for what one earned; with an `Idempotency-Key` header a repeated request is one",
    auth: "user",
    keys: false,
    status: 201,
    bodyOptional: true,
    body: Type.Object({
      amount_cents: Maybe(
        Type.Integer({ minimum: 1, description: "At most this much: whole sales, the oldest first. Absent: everything available" }),
      ),
    }),
    response: Payout,
    errors: [
      "payments_not_configured",
      "payout_onboarding_required",
      "payout_below_minimum",
      "payout_exceeds_available",
      "stripe_error",
      "rate_limited",
    ],
  }),
  connect: route({
    method: "POST",
    path: "/api/creators/connect",
    tag,
    summary: "Where to open, or complete, the account that one is paid to",
    auth: "user",
    keys: false,
    response: Type.Object({ onboarding_url: Type.String() }),
    errors: ["payments_not_configured", "stripe_error", "rate_limited"],
  }),
};

/** A user's public profile, and what became of all that they offer in the marketplace. */
export const CreatorProfile = extend(PublicUser, {
  stats: Type.Object({
    items_count: Type.Integer(),
    total_downloads: Type.Integer({ description: "How often something of theirs was taken into a library" }),
    average_rating: AverageRating,
    total_reviews: Type.Integer(),
  }),
});
export type CreatorProfile = Static<typeof CreatorProfile>;

/** marketplace-billing-admin 13: public pages go by username. */
export const creatorsRoutes = {
  checkUsername: route({
    method: "GET",
    path: "/api/creators/check-username",
    tag,
    summary: "Whether one could take this username",
    auth: "user",
    query: Type.Object({ username: Username }),
    /** `reason` is a sentence, when not. */
    response: Type.Object({ available: Type.Boolean(), reason: Nullable(Type.String()) }),
    errors: ["rate_limited"],
  }),
  get: route({
    method: "GET",
    path: "/api/creators/{username}",
    tag,
    summary: "A user's public profile, by username in any case",
    auth: "none",
    params: Type.Object({ username: Username }),
    response: CreatorProfile,
    errors: ["not_found"],
  }),
};

/** A payout as whoever sends the money sees it. */
export const AdminPayout = extend(Payout, {
  /** Null: the account is gone, the books keep the sum. */
  creator: Nullable(Type.Object({ id: Uuid, username: Type.String(), name: Type.String(), email: Type.String() })),
});
export type AdminPayout = Static<typeof AdminPayout>;

/** Payouts that are sent by hand (`PAYOUTS=manual`). */
export const adminPayoutsRoutes = {
  list: route({
    method: "GET",
    path: "/api/admin/payouts",
    tag: "admin",
    summary: "What creators asked to be paid, the oldest first",
    auth: "superuser",
    query: Type.Object({ ...pageQuery, status: Type.Optional(PayoutStatus) }),
    response: listOf(AdminPayout),
  }),
  markPaid: route({
    method: "POST",
    path: "/api/admin/payouts/{payout_id}/paid",
    tag: "admin",
    summary: "The money was sent: the payout and its sales are paid",
    auth: "superuser",
    params: Type.Object({ payout_id: Uuid }),
    body: Type.Object({ reason: Reason }),
    response: AdminPayout,
    errors: ["not_found", "payout_settled", "conflict"],
  }),
};
