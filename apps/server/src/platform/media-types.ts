import mime from "mime";

/** The registered type of `.cjs` is `application/node`, which browsers do not execute. */
const scripts = /\.cjs$/i;

/** The content type of a file name; text is UTF-8. */
export function mediaTypeOf(path: string): string {
  const type = scripts.test(path) ? "text/javascript" : (mime.getType(path) ?? "application/octet-stream");
  return isTextType(type) ? `${type}; charset=utf-8` : type;
}
export const isTextType = (type: string): boolean => /^text\/|[/+]json|javascript|[/+]xml/.test(type);
