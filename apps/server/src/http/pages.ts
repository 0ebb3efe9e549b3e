import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";

/**
 * Which file of the built web UI answers for a page: `pages/<first segment>.html` where the build has one (`home` for `/`), which names what that
 * page will load, else `index.html`. The app in it reads the address by itself.
 */
export function createPages(webDir: string): (path: string) => string {
  const folder = join(webDir, "pages");
  const own = new Set(existsSync(folder) ? readdirSync(folder).filter((file) => file.endsWith(".html")) : []);
  return (path) => {
    const file = `${path.split("/")[1] || "home"}.html`;
    return own.has(file) ? `pages/${file}` : "index.html";
  };
}
