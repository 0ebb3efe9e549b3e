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
      `Your Tesslate Studio account was closed. On ${dayOf(endsAt)}, after ${deletionGraceDays} days, it will be permanently deleted with all its projects.`,
      "You can cancel the deletion until then.",
    ],
    button: { label: "Cancel deletion", url },
    footer: "If this wasn't you, cancel the deletion and reset your password.",
  });

export const deletionCancelledEmail = (user: Addressee): Email =>
  renderEmail("notice", user.email, "Account deletion cancelled", {
    name: user.name,
    paragraphs: [
      "The deletion of your Tesslate Studio account was cancelled. Your projects are unchanged, but everything that was running has been stopped.",
    ],
    footer: "If this wasn't you, reset your password now.",
  });

export const accountDeletedEmail = (user: Addressee): Email =>
  renderEmail("notice", user.email, "Your account was deleted", {
    name: user.name,
    paragraphs: ["Your Tesslate Studio account and all its data were deleted as scheduled."],
    footer: "This is the last email to this address.",
  });

export const exportReadyEmail = (user: Addressee, url: string): Email =>
  renderEmail("notice", user.email, "Your data export is ready", {
    name: user.name,
    paragraphs: [`The export of your Tesslate Studio data is ready. You can download it for ${exportHours} hours while signed in.`],
    button: { label: "Download export", url },
    footer: "If you didn't request this, someone else has access to your account. Reset your password now.",
  });
