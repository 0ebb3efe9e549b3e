import { ShortcutTable } from "../../frame/HelpSheet.tsx";
import { usePageTitle } from "../../lib/page-title.ts";
import { SettingsSection } from "./SettingsSection.tsx";

export function ShortcutSettings() {
  usePageTitle("Shortcuts");
  return (
    <SettingsSection title="Keyboard shortcuts" hint="Single letters work while no text field has focus.">
      <ShortcutTable />
    </SettingsSection>
  );
}
