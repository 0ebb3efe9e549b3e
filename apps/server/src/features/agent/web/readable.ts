import { Readability } from "@mozilla/readability";
import { parseHTML } from "linkedom";
import Turndown from "turndown";

export interface ReadablePage {
  title: string;
  /** Markdown. */
  text: string;
}

const invisible = "script,style,noscript,template,svg,iframe,object,embed,canvas,[hidden],[aria-hidden=true]";

/** The readable part of a page as Markdown: the article, else the whole body. May take very long on hostile pages, so run it in a worker that can be terminated. */
export function readableOf(html: string, url: string): ReadablePage {
  const { document } = parseHTML(/<html[\s>]/i.test(html) ? html : `<!doctype html><html><body>${html}</body></html>`);
  // Resolves relative links.
  for (const element of document.querySelectorAll("a[href]")) {
    const target = URL.parse(element.getAttribute("href") ?? "", url);
    if (target && /^https?:$/.test(target.protocol)) element.setAttribute("href", target.href);
    else element.removeAttribute("href");
  }
  const title = (document.title || document.querySelector("h1")?.textContent || "").trim();
  for (const element of document.querySelectorAll(invisible)) element.remove();
  const whole = document.body.cloneNode(true) as unknown as HTMLElement;
  const article = new Readability(document as unknown as Document, { charThreshold: 300 }).parse();
  const turndown = new Turndown({ headingStyle: "atx", codeBlockStyle: "fenced", bulletListMarker: "-" });
  // Without images, whose URLs only cost tokens.
  turndown.addRule("pictures", { filter: ["img", "picture", "video", "audio"], replacement: (_content, node) => altOf(node) });
  const main = article?.content ? parseHTML(`<html><body>${article.content}</body></html>`).document.body : whole;
  const text = turndown.turndown(main as unknown as HTMLElement);
  return { title: (article?.title || title).trim().slice(0, 300), text: text.replace(/\n{3,}/g, "\n\n").trim() };
}

const altOf = (node: unknown): string => {
  const alt = (node as { getAttribute?(name: string): string | null }).getAttribute?.("alt")?.trim();
  return alt ? `[picture: ${alt}]` : "";
};
