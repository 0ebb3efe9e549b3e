import { createHmac } from "node:crypto";
import type { Invitation, Referral, ReferralSignUp } from "@tesslate/contract";
import type { CryptoBox } from "../../../platform/crypto.ts";
import type { Queries } from "../../../platform/database.ts";
import { badRequest, notFound } from "../../../platform/errors.ts";
import { pageOf, type PageQuery } from "../../../platform/pagination.ts";
import { rateLimitNetwork, type RateLimiter } from "../../../platform/rate-limit.ts";
import type { Credits } from "../credits/index.ts";
import { generateReferralCode, canSignIn } from "../../accounts/users/index.ts";
import type { ReferralsStore } from "./referrals.store.ts";

const newAccountDays = 30;

export type Referrals = ReturnType<typeof createReferrals>;

/** Referral codes: landings, conversions and rewards. */
export function createReferrals({
  store,
  credits,
  limits,
  rewardCredits,
  appBaseUrl,
  box,
}: {
  store: ReferralsStore;
  credits: Pick<Credits, "adjust">;
  limits: RateLimiter;
  /** Reward for each side; 0: none. */
  rewardCredits: number;
  appBaseUrl: string;
  box: Pick<CryptoBox, "deriveKey">;
}) {
  const ipKey = box.deriveKey("referral landings");
  const hashIp = (ip: string) => createHmac("sha256", ipKey).update(rateLimitNetwork(ip)).digest("base64url");
  /** Keyed hash of the conversion for both ledgers: neither user learns the other's id, and it survives account deletion. */
  const conversionKey = box.deriveKey("referral conversions");
  const keyOf = (userId: string) => `referral:${createHmac("sha256", conversionKey).update(userId).digest("base64url")}`;
  const codeOf = async (userId: string): Promise<{ code: string; referred_by: string | null }> => {
    for (let attempt = 0; attempt < 8; attempt++) {
      const user = await store.find(userId);
      if (!user) throw notFound("User");
      if (user.referral_code !== null) return { code: user.referral_code, referred_by: user.referred_by };
      await store.giveCode(userId, generateReferralCode());
    }
    throw new Error("no free referral code found");
  };
  /** Stores the conversion and rewards both sides, once per user. */
  const convert = async (tx: Queries, userId: string, referrerId: string, code: string): Promise<void> => {
    if (!(await store.insertConversion(tx, { user_id: userId, referred_by: code, reward_credits: rewardCredits })) || rewardCredits === 0)
      return;
    // Ordered by id, like every transaction that locks two users.
    for (const id of [userId, referrerId].sort())
      await credits.adjust(tx, {
        user_id: id,
        amount: rewardCredits,
        reason: "Referral",
        made_by_id: id,
        key: keyOf(userId),
      });
  };

  return {
    code: async (userId: string): Promise<Referral> => {
      const { code, referred_by } = await codeOf(userId);
      const { landings, conversions } = await store.stats(code);
      return {
        referral_code: code,
        referral_url: `${appBaseUrl}/register?ref=${code}`,
        referred_by,
        stats: { landings, conversions, conversion_rate: landings === 0 ? 0 : Math.round((conversions / landings) * 1000) / 10 },
        reward_credits: rewardCredits,
      };
    },
    signUps: async (userId: string, query: PageQuery) => {
      const page = pageOf(query);
      const { items, total } = await store.signUps((await codeOf(userId)).code, page);
      return page.envelope<ReferralSignUp>(items, total);
    },
    /** Throws 404, `own_referral_code`, `already_referred`. */
    apply: async (userId: string, given: string): Promise<{ referred_by: string }> => {
      await limits.count({ key: `referral-apply:${userId}`, max: 5, windowSeconds: 60 });
      const code = given.trim().toUpperCase();
      return store.transaction(async (tx) => {
        await store.lockApply(tx);
        const found = await store.findByCode(code, tx);
        if (!found) throw notFound("Referral code");
        const users = await store.lockUsers(tx, [userId, found.id]);
        const [user, referrer] = [users.get(userId), users.get(found.id)];
        if (!user || !referrer || !canSignIn(referrer)) throw notFound("Referral code");
        if (referrer.id === user.id) throw badRequest("You cannot use your own referral code.", "own_referral_code");
        if (user.referred_by !== null) throw badRequest("You have already used a referral code.", "already_referred");
        if (Date.now() - Date.parse(user.created_at) > newAccountDays * 86_400_000)
          throw badRequest(`Referral codes can only be used within ${newAccountDays} days of signing up.`, "already_referred");
        if (await store.isAncestor(tx, userId, code))
          throw badRequest("You referred this user, directly or through others, so you cannot use their code.", "already_referred");
        if (!(await store.setReferredBy(tx, userId, code))) throw badRequest("You have already used a referral code.", "already_referred");
        await convert(tx, userId, referrer.id, code);
        return { referred_by: code };
      });
    },
    /** Converts a registration with a code, in the transaction that creates the account. */
    onRegistered: async (tx: Queries, user: { id: string; referred_by: string | null }): Promise<void> => {
      if (user.referred_by === null) return;
      const referrer = await store.findByCode(user.referred_by, tx);
      if (referrer) await convert(tx, user.id, referrer.id, user.referred_by);
    },
    /** Throws 404 for an unknown code. */
    invitation: async (ip: string, given: string): Promise<Invitation> => {
      await limits.count({ key: `referral-invitation:${rateLimitNetwork(ip)}`, max: 30, windowSeconds: 60 });
      const referrer = await store.findByCode(given.trim().toUpperCase());
      if (!referrer) throw notFound("Referral code");
      return { referrer_name: referrer.name, referrer_avatar_url: referrer.avatar_url, reward_credits: rewardCredits };
    },
    landing: async (ip: string, userAgent: string | undefined, given: string): Promise<void> => {
      await limits.count({ key: `referral-landing:${rateLimitNetwork(ip)}`, max: 10, windowSeconds: 60 });
      const code = given.trim().toUpperCase();
      if (!(await store.findByCode(code))) throw notFound("Referral code");
      await store.insertLanding({ referred_by: code, ip_hash: hashIp(ip), user_agent: userAgent?.slice(0, 400) ?? null });
    },
  };
}
