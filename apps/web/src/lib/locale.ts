/**
 * The locale of numbers, money, dates and times: the reader's, as the browser names it ("en-US", "de-DE"). The words around them, units and relative
 * times are English, as all texts are. Tests and journeys run in en-US.
 */
export const locale = validOr(navigator.language, "en-US");

/** Some browsers without a language name one that `Intl` refuses, such as "en-US@posix". */
function validOr(language: string, other: string): string {
  try {
    return Intl.getCanonicalLocales(language)[0] ?? other;
  } catch {
    return other;
  }
}
