import { isString, readStored, writeStored } from "../../lib/storage.ts";

const key = "studio:checkout-from";

/** Keeps the page from which checkout is opened, in this tab. */
export function keepReturnPlace(): void {
  const { pathname, search } = location;
  writeStored(sessionStorage, key, pathname.startsWith("/settings/billing") ? undefined : pathname + search);
}

/** The page from which checkout was opened; undefined if that was Billing. */
export function returnPlace(): string | undefined {
  const place = readStored(sessionStorage, key, isString);
  return place !== undefined && /^\/(?!\/)/.test(place) ? place : undefined;
}

export const forgetReturnPlace = (): void => writeStored(sessionStorage, key, undefined);
