import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";

interface Visit {
  path: string;
  hasQuery: boolean;
  /** The request has a session cookie. */
  hasSession: boolean;
}

/**
 * The HTML file for a page of the web UI: `pages/<path>.html` or `pages/<first segment>.html` if the build has one (`home` for `/`), which preloads
 * what that page needs, else `index.html`. The client routes by URL in either. Without a session cookie, `/` is most likely the landing page (`landing`).
 * Files of the help contain its text, which visitors get only where they may read it (`isHelpPublic`); that of its first page is
 * `pages/help/index.html`, and not for searches.
 */
export function createPages(webDir: string, { isHelpPublic }: { isHelpPublic: boolean }): (visit: Visit) => string {
  const folder = join(webDir, "pages");
  const own = new Set(
    existsSync(folder) ? readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".html")) : [],
  );
  return ({ path, hasQuery, hasSession }) => {
    const name = path.replace(/^\/+|\/+$/g, "");
    const first = name.split("/")[0] || (hasSession ? "home" : "landing");
    const names = [...(hasQuery ? [] : [`${name}/index`]), name, first];
    const file = names
      .filter((one) => hasSession || isHelpPublic || !one.startsWith("help/"))
      .map((one) => `${one}.html`)
      .find((one) => own.has(one));
    return file ? `pages/${file}` : "index.html";
  };
}
