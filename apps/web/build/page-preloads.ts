import type { Plugin } from "vite";

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

/**
 * Writes `pages/<segment>.html` and `pages/help/<page>.html`: the index with what its page will ask for next, so that the browser fetches it together with what every page
 * needs, not after that has run. Whoever serves the build may send the index instead, which is slower and nothing else.
 */
export function pagePreloads(): Plugin {
  return {
    name: "tesslate:page-preloads",
    apply: "build",
    enforce: "post",
    generateBundle(_options, bundle) {
      const index = bundle["index.html"];
      if (index?.type !== "asset") throw new Error("The build made no index.html.");
      const html = String(index.source);
      const chunks = Object.values(bundle).filter((file) => file.type === "chunk");
      const writePage = (path: string, { parts, calls = [] }: PageFiles, texts: readonly string[] = []) => {
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
          ...[...styles].map((file) => [file, `<link rel="preload" as="style" crossorigin href="/${file}">`]),
          ...calls.map((path) => [path, `<link rel="preload" as="fetch" crossorigin href="${path}">`]),
        ].flatMap(([file = "", link = ""]) => (html.includes(`/${file}"`) ? [] : [`    ${link}\n`]));
        this.emitFile({
          type: "asset",
          fileName: `pages/${path}.html`,
          source: html.replace("  </head>", `${links.join("")}  </head>`),
        });
      };
      for (const [segment, page] of Object.entries(pages)) writePage(segment, page);
      for (const { facadeModuleId, fileName } of chunks)
        if (facadeModuleId?.startsWith(helpText)) writePage(`help/${facadeModuleId.slice(helpText.length)}`, helpPage, [fileName]);
    },
  };
}
