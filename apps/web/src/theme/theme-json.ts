/** The wire format of a theme (marketplace-billing-admin 7.3): exactly these four sections of strings. */
export interface ThemeJson {
  colors: {
    primary: string;
    primaryHover: string;
    primaryRgb: string;
    accent: string;
    background: string;
    surface: string;
    surfaceHover: string;
    text: string;
    textMuted: string;
    textSubtle: string;
    border: string;
    borderHover: string;
    sidebar: { background: string; text: string; border: string; hover: string; active: string };
    input: { background: string; border: string; borderFocus: string; text: string; placeholder: string };
    scrollbar: { thumb: string; thumbHover: string; track: string };
    code: { inlineBackground: string; inlineText: string; blockBackground: string; blockBorder: string; blockText: string };
    status: {
      error: string;
      errorRgb: string;
      success: string;
      successRgb: string;
      warning: string;
      warningRgb: string;
      info: string;
      infoRgb: string;
    };
    shadow: { small: string; medium: string; large: string };
  };
  typography: { fontFamily: string; fontFamilyMono: string; fontSizeBase: string; lineHeight: string };
  spacing: { radiusSmall: string; radiusMedium: string; radiusLarge: string; radiusXl: string };
  animation: { durationFast: string; durationNormal: string; durationSlow: string; easing: string };
}

export interface Theme extends ThemeJson {
  id: string;
  name: string;
  mode: "dark" | "light";
}
