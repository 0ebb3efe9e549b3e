/** Which documents of the repository are pages of `/help`, and what is in them. Links between documents become links between pages. */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import { Marked, type Token, type Tokens } from "marked";
import type { HelpHeading, HelpPart, HelpSection } from "../src/features/help/help-content.ts";

export const repository = join(import.meta.dirname, "../../..");
const read = (file: string) => readFileSync(join(repository, file), "utf8");

/** Sections whose pages are the rows of a table: `| [Title](file.md) | about |`. */
const indexes = [
  { id: "guides", title: "Guides", index: "docs/guides/README.md" },
  { id: "operations", title: "Operations", index: "docs/operations/README.md" },
] as const;
const others = [
  {
    id: "api",
    title: "API",
    pages: [
      {
        file: "docs/api/README.md",
        slug: "api",
        title: "Using the API",
        about: "authentication, lists, errors, streams, retries, webhooks",
      },
      { file: "docs/api/errors.md", slug: "api/errors", title: "Error codes", about: "every code with its cause and what to do" },
      { file: "packages/client/README.md", slug: "api/client", title: "TypeScript client", about: "the client package and how to use it" },
    ],
  },
  {
    id: "about",
    title: "About",
    pages: [
      { file: "docs/glossary.md", slug: "glossary", title: "Glossary", about: "the words of the product" },
      { file: "CHANGELOG.md", slug: "changes", title: "Changes", about: "what is new in each version" },
      { file: "SECURITY.md", slug: "security", title: "Security", about: "threat model, and how to report a vulnerability" },
    ],
  },
] as const;

interface SourcePage {
  file: string;
  slug: string;
  title: string;
  about: string;
}
type SourceSection = Omit<HelpSection, "pages"> & { pages: readonly SourcePage[] };

const sectionOf = ({ id, title, index }: (typeof indexes)[number]): SourceSection => ({
  id,
  title,
  pages: [...read(index).matchAll(/^\| \[([^\]]+)\]\(([\w-]+)\.md\) \| (.+) \|$/gm)].map(([, name = "", file = "", about = ""]) => ({
    file: `${dirname(index)}/${file}.md`,
    slug: `${id}/${file}`,
    title: name,
    about,
  })),
});
export const sourceSections = (): SourceSection[] => [sectionOf(indexes[0]), others[0], sectionOf(indexes[1]), others[1]];

/** The addresses of documents that are lists of others. */
const listAddresses: Record<string, string> = {
  "docs/README.md": "/help",
  "docs/guides/README.md": "/help#guides",
  "docs/operations/README.md": "/help#operations",
};
const fileOf = (path: string) => (existsSync(join(repository, path, "README.md")) ? posix.join(path, "README.md") : path);

/** Where a link of a document leads: to a page, a picture, another site, or to a file of the repository that is no page. */
export type LinkTarget =
  | { kind: "page"; href: string; file: string; anchor: string }
  | { kind: "external"; href: string }
  | { kind: "file"; file: string; anchor: string };
export function targetOf(
  href: string,
  from: string,
  pages: readonly SourcePage[] = sourceSections().flatMap((section) => section.pages),
): LinkTarget {
  if (/^(?:https?|mailto):/.test(href)) return { kind: "external", href };
  const [path = "", anchor = ""] = href.split("#");
  const file = path === "" ? from : fileOf(posix.join(posix.dirname(from), path).replace(/\/$/, ""));
  const page = pages.find((one) => one.file === file);
  const address = page ? `/help/${page.slug}` : listAddresses[file];
  if (address === undefined) return { kind: "file", file, anchor };
  return { kind: "page", href: anchor ? `${address.split("#")[0]}#${anchor}` : address, file, anchor };
}

/** The anchor that GitHub gives a heading, so that links work in the repository as well. */
export function createAnchors(): (heading: string) => string {
  const counts = new Map<string, number>();
  return (heading) => {
    const name = heading
      .toLowerCase()
      .trim()
      .replace(/[^\p{L}\p{M}\p{N}\p{Pc} -]/gu, "")
      .replaceAll(" ", "-");
    const count = counts.get(name) ?? 0;
    counts.set(name, count + 1);
    return count === 0 ? name : `${name}-${count}`;
  };
}

const escapes: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
export const escape = (text: string): string => text.replace(/[&<>"]/g, (char) => escapes[char] ?? char);
/** The words of tokens, without syntax. */
function wordsOf(tokens: readonly Token[]): string {
  return tokens
    .map((token) => {
      if (token.type === "table") {
        const { header, rows } = token as Tokens.Table;
        return [header, ...rows].map((row) => row.map((cell) => wordsOf(cell.tokens)).join(" ")).join("\n");
      }
      if (token.type === "list") return (token as Tokens.List).items.map((item) => wordsOf(item.tokens)).join("\n");
      if (token.type === "image") return "";
      if ("tokens" in token && token.tokens) return wordsOf(token.tokens);
      return "text" in token && typeof token.text === "string" ? unescape(token.text) : "";
    })
    .join("");
}
const unescape = (text: string) =>
  text.replace(/&(lt|gt|amp|quot);/g, (_, name: string) => ({ lt: "<", gt: ">", amp: "&", quot: '"' })[name] ?? "");

/** Width and height of a PNG, so that the text below a picture does not move when it loads. */
function sizeOf(file: string): { width: number; height: number } {
  const bytes = readFileSync(join(repository, file));
  return { width: bytes.readUInt32BE(16), height: bytes.readUInt32BE(20) };
}

export interface RenderedDocument {
  title: string;
  parts: HelpPart[];
  headings: HelpHeading[];
  /** The text below each heading, for the search. */
  texts: { anchor: string; title: string; text: string }[];
  /** Files of pictures. Their URLs are in `parts` as `help-picture:<index>:`. */
  pictures: string[];
}

/** A document as HTML and blocks of code. Raw HTML in it is shown as text. */
export function renderDocument(file: string, source: string = read(file)): RenderedDocument {
  const sections = sourceSections();
  const pages = sections.flatMap((section) => section.pages);
  const address = `/help/${pages.find((page) => page.file === file)?.slug ?? ""}`;
  const anchors = createAnchors();
  const pictures: string[] = [];
  const headings: HelpHeading[] = [];
  const texts: RenderedDocument["texts"] = [];
  const marked = new Marked({
    gfm: true,
    // Links are written as such: a bare address is an example ("http://host:port").
    tokenizer: { url: () => undefined },
    renderer: {
      html: ({ text }) => escape(text),
      heading({ tokens, depth }) {
        const text = wordsOf(tokens);
        const anchor = anchors(text);
        if (depth <= 3) headings.push({ anchor, text, depth });
        const words = this.parser.parseInline(tokens);
        return `<h${depth} id="${anchor}">${words}<a class="help-anchor" href="${address}#${anchor}" aria-label="Link to “${escape(text)}”">#</a></h${depth}>`;
      },
      link({ href, tokens }) {
        const words = this.parser.parseInline(tokens);
        const target = targetOf(href, file, pages);
        if (target.kind === "page") return `<a href="${escape(target.href)}">${words}</a>`;
        if (target.kind === "external") return `<a href="${escape(target.href)}" target="_blank" rel="noopener noreferrer">${words}</a>`;
        return words;
      },
      image({ href, text }) {
        const picture = posix.join(posix.dirname(file), href);
        const { width, height } = sizeOf(picture);
        pictures.push(picture);
        return `<img src="help-picture:${pictures.length - 1}:" alt="${escape(text)}" width="${width}" height="${height}" loading="lazy" decoding="async">`;
      },
    },
  });
  const tokens = marked.lexer(source);
  const first = tokens.find((token): token is Tokens.Heading => token.type === "heading" && token.depth === 1);
  if (!first) throw new Error(`${file} has no title.`);
  const title = wordsOf(first.tokens ?? []);
  anchors(title);
  const parts: HelpPart[] = [];
  let current = { anchor: "", title, text: "" };
  texts.push(current);
  let html = "";
  for (const token of tokens) {
    if (token === first || token.type === "space") continue;
    if (token.type === "code") {
      const { text, lang = "" } = token as Tokens.Code;
      if (html) parts.push({ html });
      html = "";
      parts.push({ code: text, language: lang });
      current.text += `${text}\n`;
      continue;
    }
    html += marked.parser([token]);
    if (token.type === "heading") {
      const heading = headings.at(-1);
      if (heading && (token as Tokens.Heading).depth <= 3) {
        current = { anchor: heading.anchor, title: heading.text, text: "" };
        texts.push(current);
      }
    } else current.text += `${wordsOf([token])}\n`;
  }
  if (html) parts.push({ html });
  return { title, parts, headings, texts, pictures };
}
