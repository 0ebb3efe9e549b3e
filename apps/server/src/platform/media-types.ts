import mime from "mime";

/** Its registered type is no script, and browsers run no other. */
const scripts = /\.cjs$/i;

/** What a file is, by its name. Text is UTF-8. */
export function mediaTypeOf(path: string): string {
  const type = scripts.test(path) ? "text/javascript" : (mime.getType(path) ?? "application/octet-stream");
  return isTextType(type) ? `${type}; charset=utf-8` : type;
}
export const isTextType = (type: string): boolean => /^text\/|[/+]json|javascript|[/+]xml/.test(type);
