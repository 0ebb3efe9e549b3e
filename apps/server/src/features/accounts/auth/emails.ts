import type { EmailKind } from "@tesslate/contract";
import type { Email } from "../../../platform/mail.ts";

const escapeHtml = (text: string) => text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);

/** Renders an email: greeting, paragraphs, at most one button or code, footer. */
export function renderEmail(
  kind: EmailKind,
  to: string,
  subject: string,
  parts: {
    name: string;
    paragraphs: string[];
    button?: { label: string; url: string };
    code?: string;
    footer: string;
    validForMs?: number;
  },
): Email {
  const greeting = `Hello ${parts.name},`;
  const text = [greeting, ...parts.paragraphs, parts.button?.url, parts.code, parts.footer]
    .filter((line) => line !== undefined)
    .join("\n\n");
  const p = (content: string) => `<p style="margin:0 0 16px">${content}</p>`;
  const html = `<!doctype html><html lang="en"><body style="margin:0;padding:32px 16px;background:#f6f5f3;color:#1d1c1a;font:15px/1.5 system-ui,sans-serif"><div style="max-width:480px;margin:0 auto;padding:28px;background:#fff;border-radius:8px">${[
    p(escapeHtml(greeting)),
    ...parts.paragraphs.map((line) => p(escapeHtml(line))),
    ...(parts.button
      ? [
          p(
            `<a href="${escapeHtml(parts.button.url)}" style="display:inline-block;padding:10px 18px;border-radius:6px;background:#1d1c1a;color:#fff;text-decoration:none">${escapeHtml(parts.button.label)}</a>`,
          ),
        ]
      : []),
    ...(parts.code ? [p(`<strong style="font-size:26px;letter-spacing:6px">${escapeHtml(parts.code)}</strong>`)] : []),
    `<p style="margin:0;color:#6b6963;font-size:13px">${escapeHtml(parts.footer)}</p>`,
  ].join("")}</div></body></html>`;
  const { validForMs } = parts;
  return { kind, to, subject, text: `${text}\n`, html, ...(validForMs !== undefined && { validForMs }) };
}

interface Addressee {
  email: string;
  name: string;
}
const minutes = (ms: number) => `${Math.round(ms / 60_000)} minutes`;

/** Names of the sign-in methods and keys that work without the password. */
export interface RemainingLoginMethods {
  passkeys: readonly string[];
  accounts: readonly string[];
  keys: readonly string[];
}
/** What setting a new password ends and what stays active. */
const afterReset = ({ passkeys, accounts, keys }: RemainingLoginMethods): string => {
  const ends = "Setting a new password signs you out everywhere.";
  const kinds = [namesOf("passkeys", passkeys), namesOf("connected accounts", accounts), namesOf("API keys", keys)].filter(Boolean);
  if (kinds.length === 0) return ends;
  return `${ends} These stay active: ${kinds.join("; ")}. Remove any you don't recognize in Settings.`;
};
const maxNames = 10;
const namesOf = (kind: string, all: readonly string[]): string => {
  const names = all.slice(0, maxNames).map((name) => `"${name}"`);
  const more = all.length - names.length;
  return names.length === 0 ? "" : `${kind} ${names.join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
};

export const passwordResetEmail = (user: Addressee, url: string, lifetimeMs: number, stays: RemainingLoginMethods): Email =>
  renderEmail("reset", user.email, "Set a new password", {
    name: user.name,
    paragraphs: [
      `We received a request to reset your Tesslate Studio password. The link works once and expires in ${minutes(lifetimeMs)}.`,
      afterReset(stays),
    ],
    button: { label: "Reset password", url },
    footer: "If you didn't request this, ignore this email. Your password stays the same.",
    validForMs: lifetimeMs,
  });

/** After an administrator invalidated the password. */
export const forcedPasswordResetEmail = (user: Addressee, url: string, lifetimeMs: number, stays: RemainingLoginMethods): Email =>
  renderEmail("reset", user.email, "Set a new password", {
    name: user.name,
    paragraphs: [
      `An administrator reset your Tesslate Studio password. Your old password no longer works. The link to set a new one works once and expires in ${Math.round(lifetimeMs / 3_600_000)} hours.`,
      afterReset(stays),
    ],
    button: { label: "Reset password", url },
    footer: "If the link has expired, request a new one on the sign-in page.",
    validForMs: lifetimeMs,
  });

export const accountSuspendedEmail = (user: Addressee, reason: string): Email =>
  renderEmail("notice", user.email, "Your account was suspended", {
    name: user.name,
    paragraphs: [
      `An administrator suspended your Tesslate Studio account. Reason: ${reason}`,
      "Your projects were stopped. They are not deleted.",
    ],
    footer: "If you think this is a mistake, contact the administrator of this server.",
  });

/** An administrator closed the account; `endsAt` is when it is deleted. */
export const accountClosedEmail = (user: Addressee, reason: string, endsAt: string): Email =>
  renderEmail("notice", user.email, "Your account was closed", {
    name: user.name,
    paragraphs: [
      `An administrator closed your Tesslate Studio account. Reason: ${reason}`,
      `On ${new Date(endsAt).toUTCString().slice(5, 16)} it will be permanently deleted with all its projects.`,
    ],
    footer: "If you think this is a mistake, contact the administrator of this server.",
  });

/** Lists what an administrator changed in an account. */
export const accountChangedEmail = (user: Addressee, changes: string[], reason: string | undefined): Email =>
  renderEmail("notice", user.email, "Your account was changed", {
    name: user.name,
    paragraphs: [`An administrator changed your Tesslate Studio account: ${changes.join("; ")}.`, ...(reason ? [`Reason: ${reason}`] : [])],
    footer: "If you think this is a mistake, contact the administrator of this server.",
  });

export const verifyAddressEmail = (user: Addressee, url: string, lifetimeMs: number): Email =>
  renderEmail("verify", user.email, "Confirm your email address", {
    name: user.name,
    paragraphs: ["Confirm your email address, so that you can reset your password if you lose it."],
    button: { label: "Confirm email", url },
    footer: "If you don't have a Tesslate Studio account, ignore this email.",
    validForMs: lifetimeMs,
  });

export const signInCodeEmail = (user: Addressee, code: string, lifetimeMs: number): Email =>
  renderEmail("code", user.email, `${code} is your sign-in code`, {
    name: user.name,
    paragraphs: [`Enter this code to finish signing in. It expires in ${minutes(lifetimeMs)}.`],
    code,
    footer: "If you are not signing in right now, someone knows your password. Change it.",
    validForMs: lifetimeMs,
  });

/** To the new address of an email change. */
export const newAddressEmail = (user: Addressee, url: string, lifetimeMs: number): Email =>
  renderEmail("verify", user.email, "Confirm your new email address", {
    name: user.name,
    paragraphs: [
      `Confirm this address to use it for your Tesslate Studio account. The link works once and expires in ${Math.round(lifetimeMs / 3_600_000)} hours.`,
    ],
    button: { label: "Confirm new email", url },
    footer: "If you don't have a Tesslate Studio account, ignore this email.",
    validForMs: lifetimeMs,
  });

/** To the current address, before the change. */
export const addressChangeRequestedEmail = (user: Addressee, newEmail: string): Email =>
  renderEmail("notice", user.email, "Request to change your email address", {
    name: user.name,
    paragraphs: [
      `We received a request to change the email address of your Tesslate Studio account to ${newEmail}. It takes effect once that address is confirmed.`,
    ],
    footer: "If this wasn't you, reset your password now. That ends all sessions and cancels this request.",
  });

/** To the former address, after the change. */
export const addressChangedEmail = (former: Addressee, newEmail: string): Email =>
  renderEmail("moved", former.email, "Your email address was changed", {
    name: former.name,
    paragraphs: [`The email address of your Tesslate Studio account is now ${newEmail}.`],
    footer: "If this wasn't you, contact the administrator of this server now.",
  });

/** Security notice: a sign-in method was changed. */
export const securityNoticeEmail = (user: Addressee, what: string): Email =>
  renderEmail("notice", user.email, "Your sign-in settings were changed", {
    name: user.name,
    paragraphs: [what],
    footer: "If this wasn't you, reset your password and check Settings, Security now.",
  });
