import { useSuspenseQuery } from "@tanstack/react-query";
import { Monitor, Moon, Sun } from "lucide-react";
import { chooseTheme, useTheme, type ThemeMode } from "../../theme/theme-choice.ts";
import type { Appearance } from "../../theme/appearance.ts";
import { SegmentedControl } from "../../ui/SegmentedControl.tsx";
import { SettingsSection } from "../../ui/SettingsSection.tsx";
import { ThemeGallery } from "../themes/index.ts";
import { meQuery, useSavePreferences } from "../users/index.ts";

export function LookSettings() {
  const { choice } = useTheme();
  const { data: user } = useSuspenseQuery(meQuery);
  const { mutate: set } = useSavePreferences();
  const { density, motion, contrast } = user.preferences;
  return (
    <>
      <SettingsSection id="theme" title="Theme" hint="Applies in every browser where you sign in.">
        <SegmentedControl<ThemeMode>
          label="Theme"
          value={choice.mode}
          onChange={(mode) => chooseTheme({ mode })}
          segments={[
            { value: "system", label: "System", icon: <Monitor size={14} />, isLabelShown: true },
            { value: "light", label: "Light", icon: <Sun size={14} />, isLabelShown: true },
            { value: "dark", label: "Dark", icon: <Moon size={14} />, isLabelShown: true },
          ]}
        />
      </SettingsSection>
      <SettingsSection id="density" title="Density" hint="Compact shows more at once. Phones are always comfortable.">
        <SegmentedControl<Appearance["density"]>
          label="Density"
          value={density}
          onChange={(next) => set({ density: next })}
          segments={[
            { value: "comfortable", label: "Comfortable", isLabelShown: true },
            { value: "compact", label: "Compact", isLabelShown: true },
          ]}
        />
      </SettingsSection>
      <SettingsSection id="motion" title="Motion" hint="Animations and transitions. System follows the setting of your device.">
        <SegmentedControl<Appearance["motion"]>
          label="Motion"
          value={motion}
          onChange={(next) => set({ motion: next })}
          segments={[
            { value: "system", label: "System", isLabelShown: true },
            { value: "reduced", label: "Reduced", isLabelShown: true },
            { value: "full", label: "Full", isLabelShown: true },
          ]}
        />
      </SettingsSection>
      <SettingsSection id="contrast" title="Contrast" hint="More makes text and borders stronger in every theme.">
        <SegmentedControl<Appearance["contrast"]>
          label="Contrast"
          value={contrast}
          onChange={(next) => set({ contrast: next })}
          segments={[
            { value: "system", label: "System", isLabelShown: true },
            { value: "more", label: "More", isLabelShown: true },
          ]}
        />
      </SettingsSection>
      <ThemeGallery />
    </>
  );
}
