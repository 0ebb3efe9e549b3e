const escapeHtml = (text: string) => text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);

/** Shown when a sign-in at a provider fails: the error, and an automatic redirect to the sign-in page. */
export const refusalPage = (sentence: string, backUrl: string): string =>
  `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Sign-in failed</title><meta name="viewport" content="width=device-width"><meta http-equiv="refresh" content="0;url=${escapeHtml(backUrl)}"></head><body><p>${escapeHtml(sentence)}</p><p><a href="${escapeHtml(backUrl)}">Back to sign-in</a></p></body></html>`;
