import { resolve } from "node:path";
import type { Plugin } from "vite";
import { repository } from "./help-documents.ts";
import { helpPageHtml, helpStartHtml, type HelpHtml } from "./help-html.ts";

/** What a page loads before it can be used. */
interface PageFiles {
  parts: readonly string[];
  calls?: readonly string[];
}
const helpPage: PageFiles = { parts: ["frame", "help"], calls: ["/api/users/me", "/api/config"] };
/** What each page loads before it can be used, by the first segment of its address; `home` stands for none, `landing` for none without a session. */
const pages: Record<string, PageFiles> = {
  login: { parts: ["auth"], calls: ["/api/config"] },
  register: { parts: ["auth"], calls: ["/api/config"] },
  home: { parts: ["frame", "home"], calls: ["/api/users/me"] },
  landing: { parts: ["landing"], calls: ["/api/users/me"] },
  help: helpPage,
  p: { parts: ["frame", "workbench", "transcript"], calls: ["/api/users/me"] },
};

/** The text of a page of the help is a chunk of its own (build/help-pages.ts). */
const helpText = "\0virtual:help/";

/** The index with a text that is read before the app runs, and stays until it takes over (src/lib/sent-page.ts). */
function withText(html: string, { title, about, body }: HelpHtml): string {
  const written = html
    .replace(/(<meta name="description" content=")[^"]*/, (_, start: string) => start + about.replaceAll('"', "&quot;"))
    .replace(/<title>[^<]*/, (start) => start.replace("<title>", `<title>${title} · `))
    .replace(/<div id="root">[\s\S]*?<\/div>/, () => `<div id="sent-page">${body}</div>\n    <div id="root"></div>`)
    .replace(/\s*<noscript>[\s\S]*?<\/noscript>/, "")
    .replace(/<script type="module" crossorigin src="([^"]*\/core-[^"]*)"><\/script>/, (_, app: string) =>
      [`<link rel="modulepreload" crossorigin href="${app}">`, `<script defer src="/start-app.js" data-app="${app}"></script>`].join(
        "\n    ",
      ),
    );
  for (const part of ['id="sent-page"', "data-app="]) if (!written.includes(part)) throw new Error(`A page with a text lacks ${part}.`);
  return written;
}

/**
 * Writes `pages/<segment>.html` and `pages/help/<page>.html`: the index with what its page will ask for next, so that the browser fetches it together with what every page
 * needs, not after that has run. Those of the help have its text as well. A server may send the index instead: pages then load more slowly.
 */
export function pagePreloads(): Plugin {
  let root = "";
  return {
    name: "tesslate:page-preloads",
    apply: "build",
    enforce: "post",
    configResolved(config) {
      root = config.root;
    },
    generateBundle(_options, bundle) {
      const index = bundle["index.html"];
      if (index?.type !== "asset") throw new Error("The build made no index.html.");
      const html = String(index.source);
      const chunks = Object.values(bundle).filter((file) => file.type === "chunk");
      const writePage = (path: string, { parts, calls = [] }: PageFiles, texts: readonly string[] = [], text?: HelpHtml) => {
        const files = new Set<string>();
        const styles = new Set<string>();
        const queue = parts.map((part) => {
          const found = chunks.find(({ name }) => name === part);
          if (!found) throw new Error(`The build has no part called ${part}.`);
          return found.fileName;
        });
        queue.push(...texts);
        for (let file = queue.pop(); file !== undefined; file = queue.pop()) {
          const chunk = bundle[file];
          if (files.has(file) || chunk?.type !== "chunk") continue;
          files.add(file);
          queue.push(...chunk.imports);
          for (const style of chunk.viteMetadata?.importedCss ?? []) styles.add(style);
        }
        const links = [
          ...[...files].map((file) => [file, `<link rel="modulepreload" crossorigin href="/${file}">`]),
          ...[...styles].map((file) => [
            file,
            text ? `<link rel="stylesheet" crossorigin href="/${file}">` : `<link rel="preload" as="style" crossorigin href="/${file}">`,
          ]),
          ...calls.map((path) => [path, `<link rel="preload" as="fetch" crossorigin href="${path}">`]),
        ].flatMap(([file = "", link = ""]) => (html.includes(`/${file}"`) ? [] : [`    ${link}\n`]));
        this.emitFile({
          type: "asset",
          fileName: `pages/${path}.html`,
          source: (text ? withText(html, text) : html).replace("  </head>", `${links.join("")}  </head>`),
        });
      };
      for (const [segment, page] of Object.entries(pages)) writePage(segment, page);
      const pictures = new Map(
        Object.values(bundle).flatMap((file) =>
          file.type === "asset" ? file.originalFileNames.map((name): [string, string] => [resolve(root, name), `/${file.fileName}`]) : [],
        ),
      );
      const urlOf = (picture: string) => {
        const url = pictures.get(resolve(repository, picture));
        if (url === undefined) throw new Error(`The build has no file of ${picture}.`);
        return url;
      };
      writePage("help/index", helpPage, [], helpStartHtml());
      for (const { facadeModuleId, fileName } of chunks) {
        if (!facadeModuleId?.startsWith(helpText)) continue;
        const slug = facadeModuleId.slice(helpText.length);
        writePage(`help/${slug}`, helpPage, [fileName], helpPageHtml(slug, urlOf));
      }
    },
  };
}
