import { useMemo, type CSSProperties } from "react";
import { allTokensOf } from "../../theme/apply-theme.ts";
import type { ThemeValues } from "../../theme/theme.ts";
import { cx } from "../../lib/cx.ts";
import { ThemeSample } from "./ThemeSample.tsx";

/** Samples of everything a theme colors, in its own colors, whatever the theme of the page. */
export function ThemePreview({ theme, className }: { theme: ThemeValues & { id: string }; className?: string }) {
  const style = useMemo(
    () =>
      ({
        ...Object.fromEntries(Object.entries(allTokensOf(theme)).map(([name, value]) => [`--${name}`, value])),
        colorScheme: theme.mode,
      }) as CSSProperties,
    [theme],
  );
  return (
    <div style={style} className={cx("font-sans text-fg-1 forced-color-adjust-none", className)}>
      <ThemeSample />
    </div>
  );
}
