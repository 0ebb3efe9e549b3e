const named = (name: string): string =>
  `filename*=UTF-8''${encodeURIComponent(name).replace(/['()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)}`;

/** `Content-Disposition` of a download. */
export const attachment = (name: string): string => `attachment; ${named(name)}`;
/** `Content-Disposition` of a file that may be displayed, with its download name. */
export const inline = (name: string): string => `inline; ${named(name)}`;
