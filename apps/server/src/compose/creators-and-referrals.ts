import type { Audit } from "../features/accounts/audit/index.ts";
import {
  createCreators,
  createCreatorsStore,
  createPayoutAdmin,
  mountCreators,
  type Creators,
  type Sales,
} from "../features/store/creators/index.ts";
import type { Credits } from "../features/billing/credits/index.ts";
import { createFeedback, createFeedbackStore, mountFeedback } from "../features/operations/feedback/index.ts";
import { createReferrals, createReferralsStore, mountReferrals, type Referrals } from "../features/billing/referrals/index.ts";
import { createThemes, createThemesStore, mountThemes, type Themes } from "../features/accounts/themes/index.ts";
import type { Area } from "./area.ts";
import type { Platform } from "./platform.ts";

/** Themes, feedback, referrals and creator earnings. */
export interface CreatorsAndReferralsArea extends Area {
  themes: Themes;
  referrals: Referrals;
  creators: Creators;
}

export function composeCreatorsAndReferrals(
  { config, db, limits, box }: Platform,
  audit: Audit,
  { credits }: { credits: Credits },
  { sales }: { sales: Sales },
): CreatorsAndReferralsArea {
  const { referralRewardCredits, payouts } = config.creators;
  const themes = createThemes({ store: createThemesStore(db), limits });
  const feedback = createFeedback({ store: createFeedbackStore(db), audit, limits });
  const referrals = createReferrals({
    store: createReferralsStore(db),
    credits,
    limits,
    rewardCredits: referralRewardCredits,
    appBaseUrl: config.http.appBaseUrl,
    box,
  });
  const creatorsStore = createCreatorsStore(db, payouts);
  const creators = createCreators({
    store: creatorsStore,
    limits,
    payouts,
    sales,
    revenueShare: config.billing.terms.creatorSharePercent / 100,
  });
  const payoutAdmin = createPayoutAdmin({ store: creatorsStore, audit });
  return {
    themes,
    referrals,
    creators,
    mount(mount) {
      mountThemes(mount, { themes });
      mountFeedback(mount, { feedback });
      mountReferrals(mount, { referrals });
      mountCreators(mount, { creators, payoutAdmin });
    },
  };
}
