import { ownPath } from "@tesslate/contract/own-path";

/** Where to go after signing in: only ever a path of this app, never another site, never back to an auth page. */
export function safeNext(next: string | undefined): string {
  const path = ownPath(next) ?? "/";
  return /^\/(?:login|register|forgot-password|reset-password|verify|oauth)(?:[/?#]|$)/.test(path) ? "/" : path;
}
