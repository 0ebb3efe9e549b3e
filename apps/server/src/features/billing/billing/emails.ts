import type { Letter } from "../../../platform/mail.ts";
import { letter } from "../../accounts/auth/index.ts";

export const paymentFailedEmail = (to: { email: string; name: string }, url: string): Letter =>
  letter("notice", to.email, "Your payment failed", {
    name: to.name,
    say: [
      "Your bank declined the last payment for your plan. We will retry it, and your plan stays active in the meantime. Update your card to keep your plan.",
    ],
    link: { word: "Update payment method", url },
    end: "If you meant to end your plan, you don't need to do anything.",
  });
