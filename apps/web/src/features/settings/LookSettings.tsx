import { Monitor, Moon, Sun } from "lucide-react";
import { chooseTheme, useTheme, type ThemeMode } from "../../theme/theme-choice.ts";
import { SegmentedControl } from "../../ui/SegmentedControl.tsx";
import { SettingsSection } from "../../ui/SettingsSection.tsx";
import { ThemeGallery } from "../themes/index.ts";

export function LookSettings() {
  const { choice } = useTheme();
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
      <ThemeGallery />
    </>
  );
}
