import { described, listOf, Nullable, pageQuery, Timestamp, Type, type Static } from "./schema.ts";
import { route } from "./route.ts";

const tag = "referrals";

export const Referral = described(
  "Your referral code and its numbers.",
  Type.Object({
    referral_code: Type.String(),
    referral_url: Type.String(),
    referred_by: Nullable(Type.String({ description: "The code that referred you" })),
    stats: Type.Object({
      landings: Type.Integer(),
      conversions: Type.Integer(),
      conversion_rate: Type.Number({ description: "Percentage with one decimal; 0 without landings" }),
    }),
    reward_credits: Type.Integer({ description: "Credits for both people; 0: no reward" }),
  }),
);
export type Referral = Static<typeof Referral>;

export const Invitation = described(
  "Who invites by a referral code, and with what.",
  Type.Object({
    referrer_name: Type.String(),
    referrer_avatar_url: Nullable(Type.String()),
    reward_credits: described("Credits that both people get when the invited one signs up; 0: none", Type.Integer()),
  }),
);
export type Invitation = Static<typeof Invitation>;

export const ReferralSignUp = described(
  "A registration with your referral code. It does not say whose.",
  Type.Object({
    created_at: Timestamp,
    reward_credits: described("Credits that you got for it; 0: none", Type.Integer()),
  }),
);
export type ReferralSignUp = Static<typeof ReferralSignUp>;

export const ReferralCode = Type.Object({
  referral_code: Type.String({ minLength: 1, maxLength: 32, pattern: "\\S", description: "Case-insensitive" }),
});

export const referralsRoutes = {
  code: route({
    method: "GET",
    path: "/api/referrals/code",
    tag,
    summary: "Get referral code",
    description: "Your referral code, its link, and how many people used it.",
    auth: "user",
    response: Referral,
  }),
  apply: route({
    method: "POST",
    path: "/api/referrals/apply",
    tag,
    summary: "Redeem referral code",
    description: "Records who referred you. Possible once, within 30 days of registration.",
    auth: "user",
    keys: false,
    body: ReferralCode,
    response: Type.Object({ referred_by: Type.String() }),
    errors: ["not_found", "own_referral_code", "already_referred", "rate_limited"],
  }),
  signUps: route({
    method: "GET",
    path: "/api/referrals/sign-ups",
    tag,
    summary: "List referral sign-ups",
    description: "When people signed up with your code and what you got for it, newest first. Who they are is not shown.",
    auth: "user",
    query: Type.Object(pageQuery),
    response: listOf(ReferralSignUp),
  }),
  invitation: route({
    method: "GET",
    path: "/api/referrals/invitations/{referral_code}",
    tag,
    summary: "Get invitation",
    description: "Who a referral code belongs to and what it brings, for the page where the invited person signs up.",
    auth: "none",
    params: ReferralCode,
    response: Invitation,
    errors: ["not_found", "rate_limited"],
  }),
  landing: route({
    method: "POST",
    path: "/api/referrals/landing",
    tag,
    summary: "Record referral visit",
    description: "Counts a visit by a referral link.",
    auth: "none",
    csrf: false,
    status: 204,
    body: ReferralCode,
    errors: ["not_found", "rate_limited"],
  }),
};
