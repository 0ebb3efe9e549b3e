import { api } from "../../api.ts";
import { isString, readStored, writeStored } from "../../lib/storage.ts";

const key = "tesslate.referral";

/** The code of the link that somebody followed to this browser, until they have an account. */
export const readArrival = (): string | undefined => readStored(localStorage, key, isString);
export const forgetArrival = (): void => writeStored(localStorage, key, undefined);

/** Called once, before the first page: takes `?ref=` out of the address, keeps it, and counts the visit. */
export function noteArrival(): void {
  const address = new URL(location.href);
  const code = address.searchParams.get("ref")?.trim().toUpperCase();
  if (code === undefined) return;
  address.searchParams.delete("ref");
  history.replaceState(history.state, "", address);
  if (!/^[0-9A-Z]{8}$/.test(code)) return;
  writeStored(localStorage, key, code);
  // Counting is for whoever shared the link; the visitor need not know when it fails.
  api.referrals.landing({ body: { referral_code: code } }).catch(() => undefined);
}
