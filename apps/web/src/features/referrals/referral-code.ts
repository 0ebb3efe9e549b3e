import { api } from "../../api.ts";
import { isString, readStored, writeStored } from "../../lib/storage.ts";

const key = "tesslate.referral";

/** The code of the referral link that was opened in this browser; deleted when it was applied. */
export const readReferralCode = (): string | undefined => readStored(localStorage, key, isString);
export const forgetReferralCode = (): void => writeStored(localStorage, key, undefined);

/** Called once, before the first page: moves `?ref=` from the URL to the local storage, leads from `/` to registration, and counts the visit. */
export function rememberReferralCode(): void {
  const url = new URL(location.href);
  const code = url.searchParams.get("ref")?.trim().toUpperCase();
  if (code === undefined) return;
  const isCode = /^[0-9A-Z]{8}$/.test(code);
  url.searchParams.delete("ref");
  if (isCode && url.pathname === "/") url.pathname = "/register";
  history.replaceState(history.state, "", url);
  if (!isCode) return;
  writeStored(localStorage, key, code);
  // A failure doesn't concern the visitor.
  api.referrals.landing({ body: { referral_code: code } }).catch(() => undefined);
}
