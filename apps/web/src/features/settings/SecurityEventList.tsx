import { useQuery } from "@tanstack/react-query";
import type { SecurityEvent, SecurityEventKind } from "@tesslate/contract";
import { browserName } from "../../lib/browser-name.ts";
import { LoadFailed, ShownFromBefore } from "../../ui/LoadFailed.tsx";
import { RelativeTime } from "../../ui/RelativeTime.tsx";
import { SettingsSection } from "../../ui/SettingsSection.tsx";
import { SkeletonRows } from "../../ui/Skeleton.tsx";
import { securityEventsQuery } from "../auth/index.ts";

const words: Record<SecurityEventKind, string> = {
  signed_in: "Signed in",
  second_step_wrong: "Incorrect two-factor code",
  refresh_reused: "Session ended because its token was used twice",
  password_changed: "Password changed",
  password_reset: "Password reset by email",
  email_changed: "Email changed",
  email_codes_on: "Email codes turned on",
  email_codes_off: "Email codes turned off",
  totp_on: "Authenticator app added",
  totp_off: "Authenticator app removed",
  recovery_codes_made: "Recovery codes created",
  passkey_added: "Passkey added",
  passkey_removed: "Passkey removed",
  passkey_refused: "Passkey rejected",
  account_linked: "Account connected",
  account_unlinked: "Account disconnected",
};
const details: Record<string, string> = {
  password: "Password",
  totp: "Authenticator app",
  email: "Email code",
  recovery_code: "Recovery code",
  passkey: "Passkey",
  google: "Google",
  github: "GitHub",
  oidc: "Single sign-on",
};
const detailOf = ({ detail }: SecurityEvent) => (detail === null ? "" : ` · ${details[detail] ?? detail}`);

/** The latest security events of the account. */
export function SecurityEventList() {
  const { data, error, refetch, isFetching } = useQuery(securityEventsQuery);
  return (
    <SettingsSection id="security-log" title="Recent activity" hint="Check for anything you don't recognize.">
      {error && data ? <ShownFromBefore of={{ error, refetch, isFetching }} className="mb-3" /> : null}
      {error && !data ? (
        <LoadFailed className="px-0" title="Couldn't load recent activity" of={{ error, refetch, isFetching }} />
      ) : !data ? (
        <SkeletonRows count={4} label="Loading recent activity…" />
      ) : data.items.length === 0 ? (
        <p className="text-fg-2">No activity yet.</p>
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
                <RelativeTime at={event.created_at} />
              </span>
            </li>
          ))}
        </ul>
      )}
    </SettingsSection>
  );
}
