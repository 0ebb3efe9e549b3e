import { useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Banner } from "../../ui/Banner.tsx";
import { SettingAnchor } from "../../ui/SettingAnchor.tsx";
import { SettingsSection } from "../../ui/SettingsSection.tsx";
import { Switch } from "../../ui/Switch.tsx";
import { configQuery } from "../auth/index.ts";
import { useSavePreferences, meQuery } from "../users/index.ts";

export function NotificationSettings() {
  const { data: user } = useSuspenseQuery(meQuery);
  const { data: config } = useQuery(configQuery);
  const { mutate: set } = useSavePreferences();
  const shown = user.preferences;
  const hasMail = config?.features.smtp !== false;
  return (
    <>
      <DesktopNotices isOn={shown.desktop_notices} onChange={(desktop_notices) => set({ desktop_notices })} />
      <SettingsSection title="Email" hint={`Sent to ${user.email}.`}>
        <div className="grid gap-4">
          {hasMail ? null : <Banner tone="warn">This server doesn't send email. These settings take effect once email is set up.</Banner>}
          <SettingAnchor id="email-waiting">
            <Switch
              isOn={shown.mail_when_waiting}
              onChange={(mail_when_waiting) => set({ mail_when_waiting })}
              label="When a run needs your input"
              hint="After 5 minutes without a response."
            />
          </SettingAnchor>
          <SettingAnchor id="email-ended">
            <Switch
              isOn={shown.mail_when_ended}
              onChange={(mail_when_ended) => set({ mail_when_ended })}
              label="When a long run ends"
              hint="Runs that took more than 5 minutes."
            />
          </SettingAnchor>
          <Switch
            isOn
            isDisabled
            onChange={() => undefined}
            label="Account security"
            hint="Always on: password changes, sign-in codes, data exports and account deletion."
          />
        </div>
      </SettingsSection>
    </>
  );
}

/** Each browser asks for permission separately. */
function DesktopNotices({ isOn, onChange }: { isOn: boolean; onChange: (isOn: boolean) => void }) {
  const isSupported = typeof Notification === "function";
  const [permission, setPermission] = useState(isSupported ? Notification.permission : "denied");
  const change = async (next: boolean) => {
    if (next && permission !== "granted") {
      const answer = await Notification.requestPermission();
      setPermission(answer);
      if (answer !== "granted") return;
    }
    onChange(next);
  };
  return (
    <SettingsSection title="In this browser" hint="The tab title shows a dot while a run needs your input.">
      <div className="grid gap-3">
        <SettingAnchor id="desktop-notifications">
          <Switch
            isOn={isOn && permission === "granted"}
            isDisabled={!isSupported}
            onChange={(next) => void change(next)}
            label="Desktop notifications"
            hint="When a run needs your input or ends while this window is in the background."
          />
        </SettingAnchor>
        {isSupported && permission === "denied" ? (
          <Banner tone="warn">
            Your browser blocks notifications from this site. Allow them in the browser's site settings, then turn them on here.
          </Banner>
        ) : null}
      </div>
    </SettingsSection>
  );
}
