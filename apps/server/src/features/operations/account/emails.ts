import { deletionGraceDays, exportHours } from "@tesslate/contract";
import type { Email } from "../../../platform/mail.ts";
import { renderEmail } from "../../accounts/auth/index.ts";

interface Addressee {
  email: string;
  name: string;
}
const dayOf = (moment: string) => new Date(moment).toUTCString().slice(5, 16);

export const deletionScheduledEmail = (user: Addressee, url: string, endsAt: string): Email =>
  renderEmail("notice", user.email, "Your account will be deleted", {
    name: user.name,
    paragraphs: [
      `Your Tesslate Studio account was closed. On ${dayOf(endsAt)}, after ${deletionGraceDays} days, it will be deleted with all its projects; nothing can bring it back then.`,
      "Until that day it can be kept after all.",
    ],
    button: { label: "Keep my account", url },
    footer: "If it was not you, keep the account with this link and set a new password.",
  });

export const deletionCancelledEmail = (user: Addressee): Email =>
  renderEmail("notice", user.email, "Your account stays", {
    name: user.name,
    paragraphs: ["The deletion of your Tesslate Studio account was undone. Your projects are as they were; what ran was stopped."],
    footer: "If it was not you, set a new password at once.",
  });

export const accountDeletedEmail = (user: Addressee): Email =>
  renderEmail("notice", user.email, "Your account is deleted", {
    name: user.name,
    paragraphs: ["Your Tesslate Studio account and everything in it is gone, as it was announced."],
    footer: "This is the last message to this address.",
  });

export const exportReadyEmail = (user: Addressee, url: string): Email =>
  renderEmail("notice", user.email, "Your data is ready", {
    name: user.name,
    paragraphs: [
      `Everything that is yours at Tesslate Studio is in one archive now. It can be fetched for ${exportHours} hours, when you are signed in.`,
    ],
    button: { label: "Fetch it", url },
    footer: "If you did not ask for it, somebody else uses your account: set a new password.",
  });
