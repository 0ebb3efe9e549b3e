import { Nullable, Type, type Static } from "./schema.ts";
import { route } from "./route.ts";

const tag = "referrals";

/** marketplace-billing-admin 9.1: one's own code and how it fares. Of the people who came by it only their number is told. */
export const Referral = Type.Object({
  referral_code: Type.String(),
  referral_url: Type.String(),
  referred_by: Nullable(Type.String({ description: "The code one came by" })),
  stats: Type.Object({
    landings: Type.Integer(),
    conversions: Type.Integer(),
    conversion_rate: Type.Number({ description: "Per cent, one decimal; 0 without landings" }),
  }),
  reward_credits: Type.Integer({ description: "What both sides get here; 0: nothing" }),
});
export type Referral = Static<typeof Referral>;

const Body = Type.Object({ referral_code: Type.String({ minLength: 1, maxLength: 32, pattern: "\\S", description: "In any case" }) });

/** marketplace-billing-admin 9 and 13. */
export const referralsRoutes = {
  code: route({
    method: "GET",
    path: "/api/referrals/code",
    tag,
    summary: "One's own referral code, its link and its numbers",
    auth: "user",
    response: Referral,
  }),
  apply: route({
    method: "POST",
    path: "/api/referrals/apply",
    tag,
    summary: "Say by whose code one came; once, within 30 days of registration",
    auth: "user",
    keys: false,
    body: Body,
    response: Type.Object({ referred_by: Type.String() }),
    errors: ["not_found", "own_referral_code", "already_referred", "rate_limited"],
  }),
  landing: route({
    method: "POST",
    path: "/api/referrals/landing",
    tag,
    summary: "Somebody followed a referral link",
    auth: "none",
    csrf: false,
    status: 204,
    body: Body,
    errors: ["not_found", "rate_limited"],
  }),
};
