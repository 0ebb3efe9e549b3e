import { described, Literals, listOf, Maybe, Nullable, pageQuery, Timestamp, Type, type Static } from "./schema.ts";
import { route } from "./route.ts";

const tag = "themes";

const byte = "(?:25[0-5]|2[0-4]\\d|1?\\d?\\d)";
const number = "-?(?:\\d+(?:\\.\\d+)?|\\.\\d+)";
const part = `${number}(?:%|deg|turn|rad)?`;
// Separators are written so that every text has one reading: a hostile one must not cost time.
const between = "(?: *, *| +)";
const colour = `(?:#(?:[0-9a-fA-F]{3,4}|[0-9a-fA-F]{6}|[0-9a-fA-F]{8})|(?:rgb|hsl)a?\\( *${part}(?:${between}${part}){2}(?:(?: *[,/] *| +)${part})? *\\)|transparent)`;
const family = `(?:"[\\p{L}\\p{N} ._-]+"|'[\\p{L}\\p{N} ._-]+'|[\\p{L}\\p{N}_-]+(?: [\\p{L}\\p{N}_-]+)*)`;

/**
 * Allowed values of a theme. Themes become style sheets of everyone who uses them, so each kind is an allow-list: no `url()`, no other
 * function, no `;{}`, no escapes.
 */
const Colour = Type.String({ maxLength: 64, pattern: `^${colour}$`, description: "Hex, rgb(), rgba(), hsl(), hsla() or `transparent`" });
const Triple = Type.String({ maxLength: 32, pattern: `^${byte}, ?${byte}, ?${byte}$`, description: "`r, g, b`, 0 to 255 each" });
const Size = Type.String({ maxLength: 16, pattern: "^\\d{1,4}(?:\\.\\d{1,4})?(?:px|em|rem|%|vh|vw)?$" });
const Duration = Type.String({ maxLength: 16, pattern: "^\\d{1,5}(?:\\.\\d{1,4})?m?s$" });
const Font = Type.String({ maxLength: 300, pattern: `^${family}(?: *, *${family})*$`, description: "Font families, separated by commas" });
const layer = `(?:inset|${number}(?:px|em|rem)?|${colour})`;
const Shadow = Type.String({
  maxLength: 300,
  pattern: `^(?:none|${layer}(?:${between}${layer})*)$`,
  description: "As in `box-shadow`",
});
const Easing = Type.String({
  maxLength: 120,
  pattern: `^(?:linear|ease|ease-in|ease-out|ease-in-out|step-start|step-end|cubic-bezier\\( *${number}(?: *, *${number}){3} *\\)|steps\\( *\\d{1,3}(?: *, *(?:start|end|jump-start|jump-end|jump-none|jump-both))? *\\)|linear\\( *${number}%?(?:${between}${number}%?)* *\\))$`,
  description: "As in `transition-timing-function`",
});

const closed = { additionalProperties: false } as const;
const all = <const K extends readonly string[], S extends typeof Colour>(schema: S, ...names: K) =>
  Object.fromEntries(names.map((name) => [name, schema])) as { [N in K[number]]: S };

export const ThemeColors = Type.Object(
  {
    ...all(Colour, "primary", "primaryHover"),
    primaryRgb: Triple,
    ...all(Colour, "accent", "background", "surface", "surfaceHover", "text", "textMuted", "textSubtle", "border", "borderHover"),
    sidebar: Type.Object(all(Colour, "background", "text", "border", "hover", "active"), closed),
    input: Type.Object(all(Colour, "background", "border", "borderFocus", "text", "placeholder"), closed),
    scrollbar: Type.Object(all(Colour, "thumb", "thumbHover", "track"), closed),
    code: Type.Object(all(Colour, "inlineBackground", "inlineText", "blockBackground", "blockBorder", "blockText"), closed),
    status: Type.Object(
      { ...all(Colour, "error", "success", "warning", "info"), ...all(Triple, "errorRgb", "successRgb", "warningRgb", "infoRgb") },
      closed,
    ),
    shadow: Type.Object(all(Shadow, "small", "medium", "large"), closed),
  },
  closed,
);
/** The four sections of a theme: 53 values, no other keys. */
export const ThemeTypography = Type.Object({ fontFamily: Font, fontFamilyMono: Font, fontSizeBase: Size, lineHeight: Size }, closed);
export const ThemeSpacing = Type.Object(all(Size, "radiusSmall", "radiusMedium", "radiusLarge", "radiusXl"), closed);
export const ThemeAnimation = Type.Object({ ...all(Duration, "durationFast", "durationNormal", "durationSlow"), easing: Easing }, closed);
export const themeSections = {
  colors: ThemeColors,
  typography: ThemeTypography,
  spacing: ThemeSpacing,
  animation: ThemeAnimation,
};
export const ThemeJson = Type.Object(themeSections, closed);
export type ThemeJson = Static<typeof ThemeJson>;

export const ThemeMode = Literals("dark", "light");
export const ThemeCategory = Literals("general", "minimal", "vibrant", "professional");
/** Slugs; `full`, `default` and `custom` are reserved. */
export const ThemeId = Type.String({ pattern: "^[a-z0-9][a-z0-9-]{0,99}$" });

export const ThemeListItem = Type.Object({
  id: Type.String(),
  name: Type.String(),
  mode: ThemeMode,
  author: Nullable(Type.String()),
  description: Nullable(Type.String()),
  category: ThemeCategory,
  icon: Type.String(),
  is_default: Type.Boolean(),
  swatches: Type.Object({ primary: Type.String(), accent: Type.String(), background: Type.String(), surface: Type.String() }),
  revision: Type.String({ description: "Version of the theme's content; a response with `?revision=` can be cached forever" }),
});
export type ThemeListItem = Static<typeof ThemeListItem>;

export const Theme = Type.Object({
  id: Type.String(),
  name: Type.String(),
  mode: ThemeMode,
  author: Nullable(Type.String()),
  version: Type.String(),
  description: Nullable(Type.String()),
  ...themeSections,
});
export type Theme = Static<typeof Theme>;

export const CustomTheme = described(
  "Your own theme. Only you see it, unless you publish it.",
  Type.Object({
    ...Theme.properties,
    category: ThemeCategory,
    is_published: described("Anyone can find it in the store", Type.Boolean()),
    is_admin_disabled: described("An administrator hid it from everyone else", Type.Boolean()),
    downloads: Type.Integer({ description: "Number of libraries it was added to" }),
    parent_theme_id: Nullable(Type.String()),
    created_at: Timestamp,
    updated_at: Timestamp,
  }),
);
export type CustomTheme = Static<typeof CustomTheme>;

const Name = Type.String({ minLength: 1, maxLength: 100, pattern: "\\S" });
const optionalFields = {
  description: Maybe(Type.String({ maxLength: 500 })),
  category: Type.Optional(ThemeCategory),
};
export const ThemeParams = Type.Object({ id: ThemeId });

export const themesRoutes = {
  list: route({
    method: "GET",
    path: "/api/themes",
    tag,
    summary: "List themes",
    description: "The bundled themes in display order.",
    requestHeaders: ["If-None-Match"],
    responseHeaders: ["ETag"],
    auth: "none",
    query: Type.Object({ ...pageQuery, mode: Type.Optional(ThemeMode), category: Type.Optional(ThemeCategory) }),
    response: listOf(ThemeListItem),
    errors: ["rate_limited"],
  }),
  listCustom: route({
    method: "GET",
    path: "/api/themes/custom",
    tag,
    summary: "List custom themes",
    description: "Your own themes, last changed first.",
    auth: "user",
    query: Type.Object(pageQuery),
    response: listOf(CustomTheme),
  }),
  create: route({
    method: "POST",
    path: "/api/themes",
    tag,
    summary: "Create theme",
    description: "Creates a theme. Only you can see it. Values are restricted to colours, sizes, fonts and easings.",
    auth: "user",
    status: 201,
    body: Type.Object({ name: Name, mode: ThemeMode, ...optionalFields, ...themeSections }),
    response: CustomTheme,
    errors: ["theme_limit_reached", "rate_limited"],
  }),
  fork: route({
    method: "POST",
    path: "/api/themes/{id}/fork",
    tag,
    summary: "Fork theme",
    description: "Creates your own copy of a theme.",
    auth: "user",
    status: 201,
    params: ThemeParams,
    body: Type.Object({ name: Type.Optional(Name) }),
    bodyOptional: true,
    response: CustomTheme,
    errors: ["not_found", "theme_limit_reached", "rate_limited"],
  }),
  get: route({
    method: "GET",
    path: "/api/themes/{id}",
    tag,
    summary: "Get theme",
    description: "One theme with all its values.",
    requestHeaders: ["If-None-Match"],
    responseHeaders: ["ETag"],
    auth: "optional",
    params: ThemeParams,
    query: Type.Object({ revision: Type.Optional(Type.String({ maxLength: 64 })) }),
    response: Theme,
    errors: ["not_found", "rate_limited"],
  }),
  update: route({
    method: "PATCH",
    path: "/api/themes/{id}",
    tag,
    summary: "Update theme",
    description:
      "Changes your theme. A given section replaces the whole section. `is_published` lists it in the store, which requires a description and the contrast of WCAG AA: 4.5:1 for text, 3:1 for outlines. Changes of a published theme must keep both, and reach everyone who uses it. After unpublishing, people who added it keep it.",
    auth: "user",
    params: ThemeParams,
    body: Type.Object({
      name: Type.Optional(Name),
      mode: Type.Optional(ThemeMode),
      ...optionalFields,
      is_published: Type.Optional(Type.Boolean()),
      colors: Type.Optional(themeSections.colors),
      typography: Type.Optional(themeSections.typography),
      spacing: Type.Optional(themeSections.spacing),
      animation: Type.Optional(themeSections.animation),
    }),
    response: CustomTheme,
    errors: ["not_found", "theme_contrast_too_low", "rate_limited"],
  }),
  remove: route({
    method: "DELETE",
    path: "/api/themes/{id}",
    tag,
    summary: "Delete theme",
    description: "Deletes your theme, which must not be published. People who use it return to the default.",
    auth: "user",
    status: 204,
    params: ThemeParams,
    errors: ["not_found", "theme_published"],
  }),
};
