import { Moon, Sun } from "lucide-react";
import { capsOf } from "../../lib/shortcut-keys.ts";
import { shortcuts } from "../../shortcuts.ts";
import { chooseTheme, isDarkNow, useTheme } from "../../theme/theme-choice.ts";
import { IconButton } from "../IconButton.tsx";
import { Kbds } from "../Kbd.tsx";

export const toggleTheme = (): void => chooseTheme({ mode: isDarkNow() ? "light" : "dark" });

/** Switches between light and dark; overrides the setting of the system. */
export function ThemeButton() {
  const { isDark } = useTheme();
  return (
    <IconButton
      label={isDark ? "Switch to light theme" : "Switch to dark theme"}
      keys={<Kbds caps={capsOf(shortcuts["theme.toggle"].keys[0] ?? "").flat()} />}
      onClick={toggleTheme}
    >
      {isDark ? <Sun /> : <Moon />}
    </IconButton>
  );
}
