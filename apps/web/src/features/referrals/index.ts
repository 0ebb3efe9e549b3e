export { Invitation } from "./Invitation.tsx";
export { forgetReferralCode, rememberReferralCode, readReferralCode } from "./referral-code.ts";
export { referralQuery } from "./referrals.queries.ts";
