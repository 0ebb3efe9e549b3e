import { referralsRoutes } from "@tesslate/contract";
import type { Mount } from "../../../http/mount.ts";
import type { Referrals } from "./referrals.service.ts";

/** Routes of referral codes. */
export function mountReferrals(mount: Mount, { referrals }: { referrals: Referrals }): void {
  mount("referrals", referralsRoutes, {
    code: ({ user }) => referrals.code(user.id),
    apply: ({ user }, { body }) => referrals.apply(user.id, body.referral_code),
    signUps: ({ user }, { query }) => referrals.signUps(user.id, query),
    invitation: ({ ip }, { params }) => referrals.invitation(ip, params.referral_code),
    landing: ({ ip, headers }, { body }) => referrals.landing(ip, headers["user-agent"], body.referral_code),
  });
}
