import { ShortcutTable } from "../../ui/page/HelpSheet.tsx";
import { SettingsSection } from "../../ui/SettingsSection.tsx";

export function ShortcutSettings() {
  return (
    <SettingsSection id="shortcuts" title="Keyboard shortcuts" hint="Single letters work while no text field has focus.">
      <ShortcutTable />
    </SettingsSection>
  );
}
