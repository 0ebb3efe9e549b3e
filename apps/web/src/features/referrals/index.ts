export { forgetReferralCode, rememberReferralCode, readReferralCode } from "./referral-code.ts";
