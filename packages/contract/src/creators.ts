import {
  described,
  AverageRating,
  extend,
  listOf,
  Literals,
  Maybe,
  Nullable,
  pageQuery,
  type Static,
  Timestamp,
  Type,
  Uuid,
} from "./schema.ts";
import { Reason } from "./admin.ts";
import { route } from "./route.ts";
import { PublicUser } from "./users.ts";

const tag = "creators";
const Username = Type.String({ minLength: 1, maxLength: 50 });

export const PayoutStatus = Literals("pending", "processing", "paid", "failed");
export const Payout = described(
  "A payout to a creator. `pending`: requested and reserved, not sent yet.",
  Type.Object({
    id: Uuid,
    amount_cents: Type.Integer(),
    status: PayoutStatus,
    transactions_count: Type.Integer(),
    created_at: Timestamp,
    paid_at: Nullable(Timestamp),
  }),
);
export type Payout = Static<typeof Payout>;

export const CreatorDashboard = described(
  "What a creator published and earned; zeros for people who published nothing.",
  Type.Object({
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
    earnings: described(
      "Within the requested period",
      Type.Object({
        total_revenue_cents: Type.Integer(),
        pending_revenue_cents: Type.Integer(),
        paid_revenue_cents: Type.Integer(),
        total_requests: Type.Integer(),
        by_agent: Type.Record(Type.String(), Type.Object({ requests: Type.Integer(), revenue_cents: Type.Integer() })),
        by_month: described(
          "The last twelve months in UTC, whatever the period",
          Type.Array(Type.Object({ month: Type.String({ description: "`YYYY-MM`" }), revenue_cents: Type.Integer() })),
        ),
        period_start: Timestamp,
        period_end: Timestamp,
      }),
    ),
    payouts: described(
      "Of all time",
      Type.Object({
        is_configured: described("False: payouts are disabled on this server (`payments_not_configured`)", Type.Boolean()),
        connected: Type.Boolean(),
        account_id: Nullable(Type.String()),
        available_cents: Type.Integer(),
        pending_cents: Type.Integer({ description: "Earned and still on hold, or requested and not sent yet" }),
        paid_cents: Type.Integer(),
        minimum_cents: Type.Integer(),
        hold_days: Type.Integer(),
        history: Type.Array(Payout, { description: "The latest 50" }),
      }),
    ),
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
        sales_count: described("Sales that were not refunded; what is paid by use is none", Type.Integer()),
        revenue_cents: Type.Integer(),
        is_published: Type.Boolean(),
      }),
    ),
    revenue_share: Type.Number(),
  }),
);
export type CreatorDashboard = Static<typeof CreatorDashboard>;

export const creatorStudioRoutes = {
  dashboard: route({
    method: "GET",
    path: "/api/creators/dashboard",
    tag,
    summary: "Get creator dashboard",
    description: "What you published, what it earned in the period, and what was paid out.",
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
    summary: "Request payout",
    description:
      "Requests a payout of available earnings: whole sales, oldest first, at most `amount_cents`. Needs a connected payout account and a minimum amount.",
    auth: "user",
    keys: false,
    status: 201,
    bodyOptional: true,
    body: Type.Object({
      amount_cents: Maybe(
        Type.Integer({ minimum: 1, description: "Upper limit; whole sales are paid, oldest first. Absent: everything available" }),
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
    summary: "Connect payout account",
    description: "Returns the Stripe page on which to open or complete your payout account.",
    auth: "user",
    keys: false,
    response: Type.Object({ onboarding_url: Type.String() }),
    errors: ["payments_not_configured", "stripe_error", "rate_limited"],
  }),
};

export const CreatorProfile = described(
  "A user's public profile with the numbers of their published items.",
  extend(PublicUser, {
    stats: Type.Object({
      items_count: Type.Integer(),
      total_downloads: Type.Integer({ description: "How often their items were added to a library" }),
      average_rating: AverageRating,
      total_reviews: Type.Integer(),
    }),
  }),
);
export type CreatorProfile = Static<typeof CreatorProfile>;

/** Public pages use the username. */
export const creatorsRoutes = {
  checkUsername: route({
    method: "GET",
    path: "/api/creators/check-username",
    tag,
    summary: "Check username",
    description: "Whether you can take a username. If not, `reason` explains why.",
    auth: "user",
    query: Type.Object({ username: Username }),
    response: Type.Object({ available: Type.Boolean(), reason: Nullable(Type.String()) }),
    errors: ["rate_limited"],
  }),
  get: route({
    method: "GET",
    path: "/api/creators/{username}",
    tag,
    summary: "Get creator",
    description: "A creator's public profile and numbers, by username in any case.",
    auth: "none",
    params: Type.Object({ username: Username }),
    response: CreatorProfile,
    errors: ["not_found"],
  }),
};

export const AdminPayout = described(
  "A payout as administrators see it.",
  extend(Payout, {
    creator: described(
      "Null: the account was deleted",
      Nullable(Type.Object({ id: Uuid, username: Type.String(), name: Type.String(), email: Type.String() })),
    ),
  }),
);
export type AdminPayout = Static<typeof AdminPayout>;

/** Payouts that are sent by hand (`PAYOUTS=manual`). */
export const adminPayoutsRoutes = {
  list: route({
    method: "GET",
    path: "/api/admin/payouts",
    tag: "admin-content",
    summary: "List payouts",
    description: "Payouts that creators requested, oldest first.",
    auth: "superuser",
    query: Type.Object({ ...pageQuery, status: Type.Optional(PayoutStatus) }),
    response: listOf(AdminPayout),
  }),
  markPaid: route({
    method: "POST",
    path: "/api/admin/payouts/{payout_id}/paid",
    tag: "admin-content",
    summary: "Mark payout as paid",
    description: "Records that the money was sent. The payout and its sales count as paid. Writes to the audit log.",
    auth: "superuser",
    params: Type.Object({ payout_id: Uuid }),
    body: Type.Object({ reason: Reason }),
    response: AdminPayout,
    errors: ["not_found", "payout_settled", "conflict"],
  }),
};
