import { Moon, Sun } from "lucide-react";
import { chooseTheme, isDarkNow, useTheme } from "../../theme/theme-choice.ts";
import { IconButton } from "../IconButton.tsx";
import { ShortcutKeys } from "../ShortcutKeys.tsx";

export const toggleTheme = (): void => chooseTheme({ mode: isDarkNow() ? "light" : "dark" });

/** Switches between light and dark; overrides the setting of the system. */
export function ThemeButton() {
  const { isDark } = useTheme();
  return (
    <IconButton
      label={isDark ? "Switch to light theme" : "Switch to dark theme"}
      keys={<ShortcutKeys id="theme.toggle" />}
      onClick={toggleTheme}
    >
      {isDark ? <Sun /> : <Moon />}
    </IconButton>
  );
}
