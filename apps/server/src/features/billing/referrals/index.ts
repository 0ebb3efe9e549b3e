export { createReferrals, type Referrals } from "./referrals.service.ts";
export { createReferralsStore, forgetReferrer } from "./referrals.store.ts";
export { mountReferrals } from "./referrals.routes.ts";
