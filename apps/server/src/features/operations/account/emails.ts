import { deletionGraceDays, exportHours } from "@tesslate/contract";
import type { Letter } from "../../../platform/mail.ts";
import { letter } from "../../accounts/auth/index.ts";

interface Addressee {
  email: string;
  name: string;
}
const dayOf = (moment: string) => new Date(moment).toUTCString().slice(5, 16);

export const goodbyeLetter = (user: Addressee, url: string, endsAt: string): Letter =>
  letter("notice", user.email, "Your account will be deleted", {
    name: user.name,
    say: [
      `Your Tesslate Studio account was closed. On ${dayOf(endsAt)}, after ${deletionGraceDays} days, it will be deleted with all its projects; nothing can bring it back then.`,
      "Until that day it can be kept after all.",
    ],
    link: { word: "Keep my account", url },
    end: "If it was not you, keep the account with this link and set a new password.",
  });

export const keptLetter = (user: Addressee): Letter =>
  letter("notice", user.email, "Your account stays", {
    name: user.name,
    say: ["The deletion of your Tesslate Studio account was undone. Your projects are as they were; what ran was stopped."],
    end: "If it was not you, set a new password at once.",
  });

export const goneLetter = (user: Addressee): Letter =>
  letter("notice", user.email, "Your account is deleted", {
    name: user.name,
    say: ["Your Tesslate Studio account and everything in it is gone, as it was announced."],
    end: "This is the last message to this address.",
  });

export const exportLetter = (user: Addressee, url: string): Letter =>
  letter("notice", user.email, "Your data is ready", {
    name: user.name,
    say: [
      `Everything that is yours at Tesslate Studio is in one archive now. It can be fetched for ${exportHours} hours, when you are signed in.`,
    ],
    link: { word: "Fetch it", url },
    end: "If you did not ask for it, somebody else uses your account: set a new password.",
  });
