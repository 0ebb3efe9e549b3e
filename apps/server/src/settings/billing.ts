import { Type } from "typebox";
import { flag, group, integer, list, mebibyte, oneOf, secret, text, url } from "./kinds.ts";

export const billing = group("Billing and plans", {
  isOn: flag("BILLING_ENABLED", {
    default: "false",
    example: "true",
    description: "Charge credits for calls to the models of this server. false: usage is free",
  }),
  stripe: Type.Object({
    secretKey: secret("STRIPE_SECRET_KEY", {
      example: "sk_live_…",
      description:
        "Stripe secret key for payments. Requires BILLING_ENABLED=true, otherwise bought credits are never used. Unset: purchases are disabled",
    }),
    publishableKey: Type.Optional(
      text("STRIPE_PUBLISHABLE_KEY", { example: "pk_live_…", description: "Stripe publishable key of the same account" }),
    ),
    webhookSecret: secret("STRIPE_WEBHOOK_SECRET", {
      example: "whsec_…",
      description:
        "Signing secret of the webhook endpoint APP_BASE_URL/api/webhooks/stripe, in the account and mode of the key, in any API version, with the events checkout.session.completed, checkout.session.async_payment_succeeded, customer.subscription.created, customer.subscription.updated, customer.subscription.deleted, customer.subscription.paused, customer.subscription.resumed, invoice.payment_succeeded, invoice.payment_failed, charge.refunded, charge.dispute.created, charge.dispute.closed",
    }),
    apiUrl: url("STRIPE_API_URL", {
      default: "https://api.stripe.com",
      example: "http://localhost:12111",
      description: "Base URL of the Stripe API",
    }),
    prices: Type.Object({
      basic: Type.Object({
        monthly: text("STRIPE_PRICE_BASIC_MONTHLY", {
          example: "price_…",
          description: "Stripe price of the basic plan, billed monthly; empty: not sold",
        }),
        annual: text("STRIPE_PRICE_BASIC_ANNUAL", {
          example: "price_…",
          description: "Stripe price of the basic plan, billed annually; empty: not sold",
        }),
      }),
      pro: Type.Object({
        monthly: text("STRIPE_PRICE_PRO_MONTHLY", {
          example: "price_…",
          description: "Stripe price of the pro plan, billed monthly; empty: not sold",
        }),
        annual: text("STRIPE_PRICE_PRO_ANNUAL", {
          example: "price_…",
          description: "Stripe price of the pro plan, billed annually; empty: not sold",
        }),
      }),
      ultra: Type.Object({
        monthly: text("STRIPE_PRICE_ULTRA_MONTHLY", {
          example: "price_…",
          description: "Stripe price of the ultra plan, billed monthly; empty: not sold",
        }),
        annual: text("STRIPE_PRICE_ULTRA_ANNUAL", {
          example: "price_…",
          description: "Stripe price of the ultra plan, billed annually; empty: not sold",
        }),
      }),
    }),
  }),
  isUnlimited: Type.Optional(
    flag("UNLIMITED_TIERS", {
      example: "true",
      description: "No limits on projects and always-on projects. Default: true without Stripe, except for TIER_MAX_… that are set",
    }),
  ),
  tierPrices: list("TIER_PRICES_CENTS", Type.Integer({ minimum: 0 }), {
    minItems: 4,
    maxItems: 4,
    unit: "US cents",
    default: "0,2000,4900,14900",
    description: "Displayed monthly prices of the plans (free, basic, pro, ultra) in cents; Stripe charges its own prices",
  }),
  allowance: list("TIER_BUNDLED_CREDITS", Type.Integer({ minimum: 0 }), {
    minItems: 4,
    maxItems: 4,
    unit: "credits",
    default: "0,500,2000,8000",
    description: "Credits included in each plan (free, basic, pro, ultra), per 30 days",
  }),
  support: list("TIER_SUPPORT", Type.String({ pattern: "^[\\w -]+$" }), {
    minItems: 4,
    maxItems: 4,
    default: "community,email,priority,priority",
    description: "Displayed support level of each plan (free, basic, pro, ultra)",
  }),
  dailyCredits: integer("DAILY_CREDITS", {
    minimum: 0,
    maximum: 1_000_000,
    unit: "credits",
    default: "5",
    description: "Daily credits of free accounts",
  }),
  bonusCredits: integer("SIGNUP_BONUS_CREDITS", {
    minimum: 0,
    maximum: 1_000_000,
    unit: "credits",
    default: "15000",
    description: "Credits that new accounts start with",
  }),
  bonusDays: integer("SIGNUP_BONUS_DAYS", {
    minimum: 0,
    maximum: 3650,
    unit: "days",
    default: "60",
    description: "Days after which unused sign-up credits expire",
  }),
  packages: list("CREDIT_PACKAGES_CENTS", Type.Integer({ minimum: 50, maximum: 99_999_999 }), {
    minItems: 4,
    maxItems: 4,
    unit: "credits",
    default: "500,2500,10000,50000",
    description: "Credits in each credit package (small, medium, large, team); one credit costs one cent",
  }),
  lowPercent: integer("LOW_BALANCE_PERCENT", {
    minimum: 0,
    maximum: 100,
    unit: "percent",
    default: "20",
    description: "Percentage of a plan's credits below which a low balance is reported",
  }),
  creatorSharePercent: integer("CREATOR_SHARE_PERCENT", {
    minimum: 0,
    maximum: 100,
    unit: "percent",
    default: "90",
    description: "Creator's share of a sale in percent, rounded down",
  }),
  deploySlotCents: integer("DEPLOY_SLOT_PRICE_CENTS", {
    minimum: 50,
    unit: "US cents",
    default: "1000",
    description: "One-time price of an additional always-on project, in cents",
  }),
  byokTiers: list("BYOK_ENABLED_TIERS", Type.String(), {
    default: "basic,pro,ultra",
    example: "free,basic,pro,ultra",
    description: "Plans that may use their own model keys when billing is enabled; without billing all may",
  }),
});

export const creators = group("Billing and plans", {
  referralRewardCredits: integer("REFERRAL_REWARD_CREDITS", {
    minimum: 0,
    maximum: 1_000_000,
    unit: "credits",
    default: "0",
    example: "500",
    description: "Credits for referrer and new user when an account is created with a referral code",
  }),
  payouts: Type.Object({
    mode: Type.Optional(
      oneOf("PAYOUTS", ["off", "manual", "stripe"], {
        example: "manual",
        description:
          "How creators are paid. off: not at all; manual: they request a payout and the operator pays it manually; stripe: to their connected Stripe account. Default: stripe if payments are configured",
      }),
    ),
    minimumCents: integer("PAYOUT_MINIMUM_CENTS", {
      minimum: 1,
      unit: "US cents",
      default: "1000",
      description: "Minimum payout to a creator, in cents",
    }),
    holdDays: integer("PAYOUT_HOLD_DAYS", {
      minimum: 0,
      maximum: 365,
      unit: "days",
      default: "7",
      description: "Days before a sale can be paid out",
    }),
  }),
});

export const projectSettings = group("Billing and plans", {
  diskBytes: Type.Refine(
    list("PROJECT_DISK_MB", Type.Integer({ minimum: 0 }), {
      minItems: 1,
      maxItems: 4,
      unit: "MiB",
      factor: mebibyte,
      default: "2048,4096,8192,16384",
      example: "4096",
      description: "Disk limit of a project in MiB, by plan (free, basic, pro, ultra); a single number applies to all",
    }),
    (sizes) => sizes.some((size) => size > 0),
    () => "one to four comma-separated whole numbers",
  ),
  maxCount: Type.Object({
    free: integer("TIER_MAX_PROJECTS_FREE", {
      minimum: 0,
      default: "3",
      description: "Maximum number of projects per user on the free plan",
    }),
    basic: integer("TIER_MAX_PROJECTS_BASIC", {
      minimum: 0,
      default: "7",
      description: "Maximum number of projects per user on the basic plan",
    }),
    pro: integer("TIER_MAX_PROJECTS_PRO", {
      minimum: 0,
      default: "15",
      description: "Maximum number of projects per user on the pro plan",
    }),
    ultra: integer("TIER_MAX_PROJECTS_ULTRA", {
      minimum: 0,
      default: "40",
      description: "Maximum number of projects per user on the ultra plan",
    }),
  }),
  maxRunning: Type.Object({
    free: integer("TIER_MAX_RUNNING_FREE", {
      minimum: 1,
      default: "5",
      description: "Maximum number of running projects per user on the free plan",
    }),
    basic: integer("TIER_MAX_RUNNING_BASIC", {
      minimum: 1,
      default: "10",
      description: "Maximum number of running projects per user on the basic plan",
    }),
    pro: integer("TIER_MAX_RUNNING_PRO", {
      minimum: 1,
      default: "20",
      description: "Maximum number of running projects per user on the pro plan",
    }),
    ultra: integer("TIER_MAX_RUNNING_ULTRA", {
      minimum: 1,
      default: "50",
      description: "Maximum number of running projects per user on the ultra plan",
    }),
  }),
  maxDeploys: Type.Object({
    free: integer("TIER_MAX_DEPLOYS_FREE", {
      minimum: 0,
      default: "1",
      description: "Maximum number of hosted (always running) projects per user on the free plan",
    }),
    basic: integer("TIER_MAX_DEPLOYS_BASIC", {
      minimum: 0,
      default: "3",
      description: "Maximum number of hosted (always running) projects per user on the basic plan",
    }),
    pro: integer("TIER_MAX_DEPLOYS_PRO", {
      minimum: 0,
      default: "5",
      description: "Maximum number of hosted (always running) projects per user on the pro plan",
    }),
    ultra: integer("TIER_MAX_DEPLOYS_ULTRA", {
      minimum: 0,
      default: "20",
      description: "Maximum number of hosted (always running) projects per user on the ultra plan",
    }),
  }),
});
