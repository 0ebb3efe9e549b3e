/** Where to go after signing in: only ever a path of this app, never another site, never back to an auth page. */
export function safeNext(next: string | undefined): string {
  if (!next || !/^\/(?![/\\])/.test(next) || /^\/(?:login|register|forgot-password|reset-password|verify|oauth)(?:[/?#]|$)/.test(next))
    return "/";
  try {
    const url = new URL(next, "http://app.invalid");
    return url.host === "app.invalid" ? url.pathname + url.search + url.hash : "/";
  } catch {
    return "/";
  }
}
