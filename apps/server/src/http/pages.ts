import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";

/**
 * The HTML file for a page of the web UI: `pages/<path>.html` or `pages/<first segment>.html` if the build has one (`home` for `/`), which preloads
 * what that page needs, else `index.html`. The client routes by URL in either. Without a session cookie, `/` is most likely the landing page (`landing`).
 */
export function createPages(webDir: string): (path: string, hasSession: boolean) => string {
  const folder = join(webDir, "pages");
  const own = new Set(
    existsSync(folder) ? readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".html")) : [],
  );
  return (path, hasSession) => {
    const first = path.split("/")[1] || (hasSession ? "home" : "landing");
    const file = [path.replace(/^\/+|\/+$/g, ""), first].map((name) => `${name}.html`).find((name) => own.has(name));
    return file ? `pages/${file}` : "index.html";
  };
}
