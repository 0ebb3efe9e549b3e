/** A calendar day as people read it: March 14, 2026. */
export const formatDay = (date: Date, language = "en"): string =>
  new Intl.DateTimeFormat(language, { dateStyle: "long", timeZone: "UTC" }).format(date);
