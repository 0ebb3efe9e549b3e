import { useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { Preferences } from "@tesslate/contract";
import { sentenceOf } from "../../lib/errors.ts";
import { Banner } from "../../ui/Banner.tsx";
import { SettingsSection } from "../../ui/SettingsSection.tsx";
import { Switch } from "../../ui/Switch.tsx";
import { toast } from "../../ui/toast.tsx";
import { configQuery } from "../auth/index.ts";
import { useSavePreferences, meQuery } from "../users/index.ts";

export function NotificationSettings() {
  const { data: user } = useSuspenseQuery(meQuery);
  const { data: config } = useQuery(configQuery);
  const { save, saving } = useSavePreferences();
  const shown: Preferences = { ...user.preferences, ...saving };
  const set = (change: Partial<Preferences>) => save(change, { onError: (error) => toast(sentenceOf(error), { kind: "failed" }) });
  const hasMail = config?.features.smtp !== false;
  return (
    <>
      <DesktopNotices isOn={shown.desktop_notices} onChange={(desktop_notices) => set({ desktop_notices })} />
      <SettingsSection title="Mail" hint={`To ${user.email}.`}>
        <div className="grid gap-4">
          {hasMail ? null : <Banner tone="warn">This server sends no mail. What you choose here counts once it does.</Banner>}
          <Switch
            isOn={shown.mail_when_waiting}
            onChange={(mail_when_waiting) => set({ mail_when_waiting })}
            label="When a run waits for me"
            hint="After it has asked for five minutes without an answer."
          />
          <Switch
            isOn={shown.mail_when_ended}
            onChange={(mail_when_ended) => set({ mail_when_ended })}
            label="When a long run has ended"
            hint="One that took more than five minutes."
          />
          <Switch
            isOn
            isDisabled
            onChange={() => undefined}
            label="About the security of my account"
            hint="Always: new passwords, sign-in codes, exports, deletion."
          />
        </div>
      </SettingsSection>
    </>
  );
}

/** Only the browser can allow them, and each browser for itself. */
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
    <SettingsSection title="In this browser" hint="The title of the tab always shows a dot while a run waits for you.">
      <div className="grid gap-3">
        <Switch
          isOn={isOn && permission === "granted"}
          isDisabled={!isSupported}
          onChange={(next) => void change(next)}
          label="Desktop notices"
          hint="While the window is in the background: a run waits for a decision, or has ended."
        />
        {isSupported && permission === "denied" ? (
          <Banner tone="warn">
            The browser blocks notices of this site. Allow them in the browser's settings of the site, then switch them on here.
          </Banner>
        ) : null}
      </div>
    </SettingsSection>
  );
}
