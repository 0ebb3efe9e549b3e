const escapeHtml = (text: string) => text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);

/** What a person sees whom a provider sent back and who cannot come in: the sentence, and the way back to the sign-in page, taken by itself. */
export const refusalPage = (sentence: string, backUrl: string): string =>
  `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Signing in did not work</title><meta name="viewport" content="width=device-width"><meta http-equiv="refresh" content="0;url=${escapeHtml(backUrl)}"></head><body><p>${escapeHtml(sentence)}</p><p><a href="${escapeHtml(backUrl)}">Back to signing in</a></p></body></html>`;
