import { randomToken } from "../../../platform/crypto.ts";

const escapeHtml = (text: string) => text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
/** A value inside a script element. */
const literal = (value: unknown) =>
  JSON.stringify(value).replace(/[<>&\u2028\u2029]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);

const closeMs = 1500;
const style =
  "body{font:16px/1.5 system-ui,sans-serif;margin:15vh auto;max-width:28rem;padding:0 1.5rem;color-scheme:light dark}h1{font-size:1.25rem}";

/** The message to the opening window. */
export interface PopupResult {
  type: "deployment-oauth";
  provider: string;
  success: boolean;
  /** The account has several teams and none is selected. */
  has_choice?: boolean;
}

/**
 * Last page of the popup: shows the result, reports it to the app, and closes on success. It reports in two ways, because the redirect
 * through another site may cut the link to the opener.
 */
export function popupPage({
  title,
  message,
  next,
  outcome,
  appOrigin,
}: {
  title: string;
  message: string;
  /** The next step. */
  next?: { url: string; label: string };
  outcome: PopupResult | undefined;
  appOrigin: string;
}): { html: string; headers: Record<string, string> } {
  const nonce = randomToken(16);
  const postOutcome = outcome
    ? `<script nonce="${nonce}">const outcome=${literal(outcome)};
try{if(window.opener)window.opener.postMessage(outcome,${literal(appOrigin)})}catch{}
try{const channel=new BroadcastChannel("deployment-oauth");channel.postMessage(outcome);channel.close()}catch{}
${outcome.success ? `setTimeout(()=>window.close(),${closeMs});` : ""}</script>`
    : "";
  const link = next ? `<p><a href="${escapeHtml(next.url)}" rel="noreferrer">${escapeHtml(next.label)}</a></p>` : "";
  return {
    html: `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${escapeHtml(title)}</title><meta name="viewport" content="width=device-width"><style nonce="${nonce}">${style}</style></head><body><h1>${escapeHtml(title)}</h1><p>${escapeHtml(message)}</p>${link}${postOutcome}</body></html>`,
    headers: {
      "content-type": "text/html; charset=utf-8",
      "cache-control": "no-store",
      "content-security-policy": `default-src 'none'; script-src 'nonce-${nonce}'; style-src 'nonce-${nonce}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
      "cross-origin-opener-policy": "unsafe-none",
      "referrer-policy": "no-referrer",
    },
  };
}
