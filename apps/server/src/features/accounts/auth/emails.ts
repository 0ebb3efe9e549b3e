import type { LetterKind } from "@tesslate/contract";
import type { Letter } from "../../../platform/mail.ts";

const escapeHtml = (text: string) => text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);

/** One look for all: a greeting, a few sentences, at most one thing to press or to type. */
export function letter(
  kind: LetterKind,
  to: string,
  subject: string,
  parts: { name: string; say: string[]; link?: { word: string; url: string }; code?: string; end: string; usefulMs?: number },
): Letter {
  const greeting = `Hello ${parts.name},`;
  const text = [greeting, ...parts.say, parts.link?.url, parts.code, parts.end].filter((line) => line !== undefined).join("\n\n");
  const p = (content: string) => `<p style="margin:0 0 16px">${content}</p>`;
  const html = `<!doctype html><html lang="en"><body style="margin:0;padding:32px 16px;background:#f6f5f3;color:#1d1c1a;font:15px/1.5 system-ui,sans-serif"><div style="max-width:480px;margin:0 auto;padding:28px;background:#fff;border-radius:8px">${[
    p(escapeHtml(greeting)),
    ...parts.say.map((line) => p(escapeHtml(line))),
    ...(parts.link
      ? [
          p(
            `<a href="${escapeHtml(parts.link.url)}" style="display:inline-block;padding:10px 18px;border-radius:6px;background:#1d1c1a;color:#fff;text-decoration:none">${escapeHtml(parts.link.word)}</a>`,
          ),
        ]
      : []),
    ...(parts.code ? [p(`<strong style="font-size:26px;letter-spacing:6px">${escapeHtml(parts.code)}</strong>`)] : []),
    `<p style="margin:0;color:#6b6963;font-size:13px">${escapeHtml(parts.end)}</p>`,
  ].join("")}</div></body></html>`;
  const { usefulMs } = parts;
  return { kind, to, subject, text: `${text}\n`, html, ...(usefulMs !== undefined && { usefulMs }) };
}

interface Addressee {
  email: string;
  name: string;
}
const minutes = (ms: number) => `${Math.round(ms / 60_000)} minutes`;

/** What opens an account without its password, by name. */
export interface Outlasting {
  passkeys: readonly string[];
  accounts: readonly string[];
  keys: readonly string[];
}
/** What a new password ends, and what goes on without it. */
const afterReset = ({ passkeys, accounts, keys }: Outlasting): string => {
  const ends = "A new password signs you out everywhere.";
  const kinds = [namesOf("passkeys", passkeys), namesOf("connected accounts", accounts), namesOf("API keys", keys)].filter(Boolean);
  if (kinds.length === 0) return ends;
  return `${ends} These stay and work without it: ${kinds.join("; ")}. Remove whatever is not yours in Settings.`;
};
const maxNames = 10;
const namesOf = (kind: string, all: readonly string[]): string => {
  const names = all.slice(0, maxNames).map((name) => `"${name}"`);
  const more = all.length - names.length;
  return names.length === 0 ? "" : `${kind} ${names.join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
};

export const resetLetter = (user: Addressee, url: string, lifetimeMs: number, stays: Outlasting): Letter =>
  letter("reset", user.email, "Set a new password", {
    name: user.name,
    say: [
      `Somebody, hopefully you, asked for a new password at Tesslate Studio. The link works once, within ${minutes(lifetimeMs)}.`,
      afterReset(stays),
    ],
    link: { word: "Set a new password", url },
    end: "If it was not you, nothing needs to be done: your password stays as it is.",
    usefulMs: lifetimeMs,
  });

/** The administrator made the old password useless. */
export const forcedResetLetter = (user: Addressee, url: string, lifetimeMs: number, stays: Outlasting): Letter =>
  letter("reset", user.email, "Set a new password", {
    name: user.name,
    say: [
      `An administrator asks you to set a new password at Tesslate Studio. Your old one does not work any more. The link works once, within ${Math.round(lifetimeMs / 3_600_000)} hours.`,
      afterReset(stays),
    ],
    link: { word: "Set a new password", url },
    end: "When the link has expired, ask for another one on the sign-in page.",
    usefulMs: lifetimeMs,
  });

export const suspendedLetter = (user: Addressee, reason: string): Letter =>
  letter("notice", user.email, "Your account was suspended", {
    name: user.name,
    say: [
      `An administrator has suspended your Tesslate Studio account. The reason given: ${reason}`,
      "Your projects are stopped and kept.",
    ],
    end: "If you think this is a mistake, answer whoever runs this server.",
  });

/** An administrator closed the account; `endsAt` is when it is erased. */
export const closedLetter = (user: Addressee, reason: string, endsAt: string): Letter =>
  letter("notice", user.email, "Your account was closed", {
    name: user.name,
    say: [
      `An administrator has closed your Tesslate Studio account. The reason given: ${reason}`,
      `On ${new Date(endsAt).toUTCString().slice(5, 16)} it will be deleted with all its projects; nothing can bring it back then.`,
    ],
    end: "If you think this is a mistake, answer whoever runs this server.",
  });

/** What an administrator changed in an account, in sentences. */
export const changedLetter = (user: Addressee, changes: string[], reason: string | undefined): Letter =>
  letter("notice", user.email, "Your account was changed", {
    name: user.name,
    say: [
      `An administrator has changed your Tesslate Studio account: ${changes.join("; ")}.`,
      ...(reason ? [`The reason given: ${reason}`] : []),
    ],
    end: "If you think this is a mistake, answer whoever runs this server.",
  });

export const verifyLetter = (user: Addressee, url: string, lifetimeMs: number): Letter =>
  letter("verify", user.email, "Confirm your e-mail address", {
    name: user.name,
    say: ["Confirm that this address is yours, so that you can get back into your account should you lose your password."],
    link: { word: "Confirm the address", url },
    end: "If you have no account at Tesslate Studio, ignore this message.",
    usefulMs: lifetimeMs,
  });

export const codeLetter = (user: Addressee, code: string, lifetimeMs: number): Letter =>
  letter("code", user.email, `${code} is your sign-in code`, {
    name: user.name,
    say: [`Type this code to finish signing in. It works for ${minutes(lifetimeMs)}.`],
    code,
    end: "If you are not signing in right now, somebody knows your password: change it.",
    usefulMs: lifetimeMs,
  });

/** To an address that somebody wants their account to go by. */
export const moveLetter = (user: Addressee, url: string, lifetimeMs: number): Letter =>
  letter("verify", user.email, "Confirm your new e-mail address", {
    name: user.name,
    say: [
      `Confirm that this address is yours: from then on your Tesslate Studio account goes by it. The link works once, within ${Math.round(lifetimeMs / 3_600_000)} hours.`,
    ],
    link: { word: "Confirm the new address", url },
    end: "If you have no account at Tesslate Studio, ignore this message: nothing happens.",
    usefulMs: lifetimeMs,
  });

/** To the present address, before anything has changed. */
export const askedToMoveLetter = (user: Addressee, newEmail: string): Letter =>
  letter("notice", user.email, "Your e-mail address is about to change", {
    name: user.name,
    say: [`Somebody, hopefully you, asked that your Tesslate Studio account go by ${newEmail}. It does once that address is confirmed.`],
    end: "If it was not you, set a new password at once: that ends every session, and this request too.",
  });

/** To the former address: whoever owns it must learn that the account moved away from it. */
export const movedLetter = (former: Addressee, newEmail: string): Letter =>
  letter("moved", former.email, "Your e-mail address was changed", {
    name: former.name,
    say: [`The address of your Tesslate Studio account is now ${newEmail}. Messages go there from now on.`],
    end: "If it was not you, tell whoever runs this server at once.",
  });

/** Something about how one signs in was changed; if it was somebody else, the owner must hear of it. */
export const noticeLetter = (user: Addressee, what: string): Letter =>
  letter("notice", user.email, "How you sign in was changed", {
    name: user.name,
    say: [what],
    end: "If it was not you, set a new password and look through Settings, Security at once.",
  });
