import type { Letter } from "../../../platform/mail.ts";
import { letter } from "../../accounts/auth/index.ts";

export const paymentFailedLetter = (to: { email: string; name: string }, url: string): Letter =>
  letter("notice", to.email, "A payment for your plan did not go through", {
    name: to.name,
    say: ["Your bank refused the last payment. Your plan goes on while it is tried again; with another card it goes on for good."],
    link: { word: "Look at your payments", url },
    end: "Nothing needs to be done if you meant to end your plan.",
  });
