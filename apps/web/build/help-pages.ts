import { join } from "node:path";
import MiniSearch from "minisearch";
import type { Plugin } from "vite";
import { searchOptions, type HelpEntry } from "../src/features/help/search-options.ts";
import { renderDocument, repository, sourceSections } from "./help-documents.ts";

const prefix = "virtual:help";
const excerptLength = 140;
/** The beginning of a text, to the end of a word. */
const excerptOf = (text: string): string => {
  if (text.length <= excerptLength) return text;
  const cut = text.slice(0, excerptLength + 1);
  return `${cut.slice(0, Math.max(cut.lastIndexOf(" "), 1)).replace(/[\s,;:.]+$/, "")}…`;
};

/** Every part of every page that has text. The history of changes is left out: it would answer most searches. */
function entries(): HelpEntry[] {
  return sourceSections().flatMap(({ pages }) =>
    pages
      .filter(({ slug }) => slug !== "changes")
      .flatMap(({ file, slug, title: page }) =>
        renderDocument(file).texts.map(({ anchor, title, text }) => ({
          id: anchor ? `${slug}#${anchor}` : slug,
          title: anchor ? title : page,
          page,
          text,
          excerpt: excerptOf(text.replace(/\s+/g, " ").trim()),
        })),
      ),
  );
}

/** The list of pages, with a function that loads each. */
function index(): string {
  const sections = sourceSections();
  const list = sections.map(({ id, title, pages }) => ({
    id,
    title,
    pages: pages.map(({ slug, title, about }) => ({ slug, title, about })),
  }));
  const loads = sections.flatMap(({ pages }) => pages).map(({ slug }) => `${JSON.stringify(slug)}: () => import("${prefix}/${slug}")`);
  return `export const helpSections = ${JSON.stringify(list)};\nexport const helpLoads = {\n${loads.join(",\n")}\n};`;
}

function page(slug: string): { code: string; files: string[] } {
  const found = sourceSections()
    .flatMap(({ pages }) => pages)
    .find((one) => one.slug === slug);
  if (!found) throw new Error(`No document is the help page ${slug}.`);
  const { title, parts, headings, pictures } = renderDocument(found.file);
  const imports = pictures.map((file, at) => `import picture${at} from ${JSON.stringify(`${join(repository, file)}?url`)};`);
  const content = JSON.stringify({ title, parts, headings }).replace(/help-picture:(\d+):/g, (_, at: string) => `"+picture${at}+"`);
  return { code: `${imports.join("\n")}\nexport default ${content};`, files: [found.file] };
}

/**
 * The pages of `/help`, from the documents of the repository: `virtual:help` is the list of them, `virtual:help/<slug>` one page as HTML,
 * `virtual:help-search` the index of the search. Each is a file of its own.
 */
export function helpPages(): Plugin {
  return {
    name: "tesslate:help-pages",
    resolveId: (id) => (id === prefix || id === `${prefix}-search` || id.startsWith(`${prefix}/`) ? `\0${id}` : undefined),
    load(id) {
      if (id === `\0${prefix}`) {
        for (const { pages } of sourceSections()) for (const { file } of pages) this.addWatchFile(join(repository, file));
        return index();
      }
      if (id === `\0${prefix}-search`) {
        const search = new MiniSearch(searchOptions);
        search.addAll(entries());
        return `export default ${JSON.stringify(JSON.stringify(search))};`;
      }
      if (!id.startsWith(`\0${prefix}/`)) return undefined;
      const { code, files } = page(id.slice(prefix.length + 2));
      for (const file of files) this.addWatchFile(join(repository, file));
      return code;
    },
  };
}
