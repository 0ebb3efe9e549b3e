import { useQuery } from "@tanstack/react-query";
import type { SecurityEvent, SecurityEventKind } from "@tesslate/contract";
import { browserName } from "../../lib/browser-name.ts";
import { agoOf, momentOf } from "../../lib/time.ts";
import { LoadFailed, ShownFromBefore } from "../../ui/LoadFailed.tsx";
import { SettingsSection } from "../../ui/SettingsSection.tsx";
import { SkeletonRows } from "../../ui/Skeleton.tsx";
import { securityEventsQuery } from "../auth/index.ts";

const words: Record<SecurityEventKind, string> = {
  signed_in: "Signed in",
  second_step_wrong: "Wrong code after the right password",
  refresh_reused: "A copied session was ended",
  password_changed: "Password changed",
  password_reset: "Password set anew by mail",
  email_changed: "E-mail changed",
  email_codes_on: "Codes by mail switched on",
  email_codes_off: "Codes by mail switched off",
  totp_on: "Authenticator app set up",
  totp_off: "Authenticator app switched off",
  recovery_codes_made: "New recovery codes made",
  passkey_added: "Passkey added",
  passkey_removed: "Passkey removed",
  passkey_refused: "Passkey refused",
  account_linked: "Account elsewhere connected",
  account_unlinked: "Account elsewhere disconnected",
};
const details: Record<string, string> = {
  password: "with the password",
  totp: "with the app",
  email: "with a mailed code",
  recovery_code: "with a recovery code",
  passkey: "with a passkey",
  google: "Google",
  github: "GitHub",
  oidc: "single sign-on",
};
const detailOf = ({ detail }: SecurityEvent) => (detail === null ? "" : `, ${details[detail] ?? detail}`);

/** What happened to the account, so that its owner can see what they did not do. */
export function SecurityEventList() {
  const { data, error, refetch, isFetching } = useQuery(securityEventsQuery);
  return (
    <SettingsSection title="What happened lately" hint="Look for what was not you.">
      {error && data ? <ShownFromBefore of={{ error, refetch, isFetching }} className="mb-3" /> : null}
      {error && !data ? (
        <LoadFailed className="px-0" title="This could not be read" of={{ error, refetch, isFetching }} />
      ) : !data ? (
        <SkeletonRows count={4} label="Loading" />
      ) : data.items.length === 0 ? (
        <p className="text-fg-2">Nothing yet.</p>
      ) : (
        <ul className="divide-y divide-line-0 border-y border-line-0">
          {data.items.map((event) => (
            <li key={event.id} className="flex flex-wrap items-baseline gap-x-3 py-2">
              <span className="min-w-0 flex-1 basis-56 text-fg-0">
                {words[event.kind] ?? event.kind}
                <span className="text-fg-2">{detailOf(event)}</span>
              </span>
              <span className="text-xs text-fg-2" title={event.user_agent ?? undefined}>
                {event.ip ? `${event.ip}${event.user_agent ? ` · ${browserName(event.user_agent)}` : ""} · ` : ""}
                <time title={momentOf(event.created_at)}>{agoOf(event.created_at)}</time>
              </span>
            </li>
          ))}
        </ul>
      )}
    </SettingsSection>
  );
}
