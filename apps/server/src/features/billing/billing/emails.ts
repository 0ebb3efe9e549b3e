import type { Email } from "../../../platform/mail.ts";
import { renderEmail } from "../../accounts/auth/index.ts";

export const paymentFailedEmail = (to: { email: string; name: string }, url: string): Email =>
  renderEmail("notice", to.email, "Your payment failed", {
    name: to.name,
    paragraphs: [
      "Your bank declined the last payment for your plan. We will retry it, and your plan stays active in the meantime. Update your card to keep your plan.",
    ],
    button: { label: "Update payment method", url },
    footer: "If you meant to end your plan, you don't need to do anything.",
  });
