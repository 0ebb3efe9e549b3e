import { createElement } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { Braces, ChevronDown, Search, type LucideIcon } from "lucide-react";
import { helpClasses as classes, helpStart, listedHeadings } from "../src/features/help/help-classes.ts";
import type { HelpHeading, HelpPart } from "../src/features/help/help-content.ts";
import { fieldBox, fieldInput } from "../src/ui/field-box.ts";
import { pageClasses } from "../src/ui/page/page-classes.ts";
import { escape, renderDocument, sourceSections } from "./help-documents.ts";

/** What stands in the HTML of a page before the app runs. */
export interface HelpHtml {
  title: string;
  about: string;
  body: string;
}

const icon = (Icon: LucideIcon, className: string) =>
  renderToStaticMarkup(createElement(Icon, { size: 14, strokeWidth: 1.5, absoluteStrokeWidth: true, className }));

/** Works without the app: the server answers with the results. */
const search = () =>
  `<form role="search" aria-label="Help" action="/help"><span class="${fieldBox("md")}">${icon(Search, "flex-none text-fg-3")}<input class="${fieldInput}" type="search" name="q" autocomplete="off" aria-label="Search help" placeholder="Search help"></span></form>`;

const pageList = (current: string) =>
  `<nav aria-label="Help pages" class="${classes.sections}">${sourceSections()
    .map(({ id, title, pages }) => {
      const links = pages.map(
        (page) =>
          `<a href="/help/${page.slug}" class="${classes.entry}"${page.slug === current ? ' aria-current="page"' : ""}>${escape(page.title)}</a>`,
      );
      const reference =
        id === "api" ? `<a href="/docs" class="${classes.entry}">${icon(Braces, "flex-none text-fg-2")}API reference</a>` : "";
      return `<div role="group" aria-label="${title}"><p aria-hidden="true" class="${classes.sectionTitle}">${title}</p>${links.join("")}${reference}</div>`;
    })
    .join("")}</nav>`;

/** Around a page: places for the rail and the bars, which the app fills. Visitors have a bar instead of a rail (public/theme.js). */
function frame(head: string, content: string): string {
  const { main, besideRail, body, widths } = pageClasses;
  const page = `<main id="main" tabindex="-1" class="${besideRail} ${main} ${classes.mainOfVisitor}"><div class="${pageClasses.head}">${head}</div><div class="${body} ${widths.wide}">${content}</div></main>`;
  return `<div class="${classes.frame}"><div class="${classes.rail}"></div><div class="${classes.visitorBar}"></div><div class="${classes.page}">${page}</div><div class="${classes.phoneBar}"></div></div>`;
}

const partHtml = (part: HelpPart): string =>
  "html" in part
    ? `<div class="contents">${part.html}</div>`
    : `<div class="group relative"><pre tabindex="0" aria-label="${part.language ? `${escape(part.language)} code` : "Code"}"><code>${escape(part.code)}</code></pre></div>`;

function onThisPage(headings: readonly HelpHeading[]): { inline: string; side: string } {
  const shown = listedHeadings(headings);
  if (shown.length < 2) return { inline: "", side: "" };
  const list = `<ul class="${classes.headings}">${shown
    .map(({ anchor, text, depth }) => {
      const link = `class="${classes.heading}${depth > 2 ? ` ${classes.subheading}` : ""}"${anchor === headings[0]?.anchor ? " data-current" : ""}`;
      return `<li><a href="#${anchor}" ${link}>${escape(text)}</a></li>`;
    })
    .join("")}</ul>`;
  return {
    inline: `<details class="${classes.onThisPageInline}"><summary class="${classes.onThisPageSummary}">On this page ${icon(ChevronDown, "text-fg-2")}</summary><nav aria-label="On this page" class="${classes.onThisPageInlineList}">${list}</nav></details>`,
    side: `<nav aria-label="On this page" class="${classes.onThisPage}"><p aria-hidden="true" class="${classes.onThisPageTitle}">On this page</p>${list}</nav>`,
  };
}

/** The text of a page of the help, as `HelpPage` shows it. `urlOf`: the address of a picture of the repository. */
export function helpPageHtml(slug: string, urlOf: (picture: string) => string): HelpHtml {
  const page = sourceSections()
    .flatMap(({ pages }) => pages)
    .find((one) => one.slug === slug);
  if (!page) throw new Error(`No document is the help page ${slug}.`);
  const { title, parts, headings, pictures } = renderDocument(page.file);
  const text = parts
    .map(partHtml)
    .join("")
    .replace(/help-picture:(\d+):/g, (_, at: string) => urlOf(pictures[Number(at)] ?? ""));
  const { inline, side } = onThisPage(headings);
  const list = pageList(slug);
  const article = `<article aria-label="${escape(title)}" class="${classes.article}"><h1 class="${classes.title}">${escape(title)}</h1>${inline}<div class="markdown help-article">${text}</div></article>`;
  const menu = `<details class="${classes.allPages} ${classes.menu}"><summary class="${classes.allPagesSummary}">All pages ${icon(ChevronDown, "text-fg-2")}</summary><div class="${classes.allPagesList}">${list}</div></details>`;
  return {
    title: `${page.title} · Help`,
    about: page.about.replaceAll("`", ""),
    body: frame(
      `<a href="/help" class="${classes.home}">Help</a>`,
      `<div class="${classes.columns}"><div class="${classes.side}">${search()}${menu}<div class="${classes.pages} ${classes.list}">${list}</div></div><div class="${classes.text}"><div class="${classes.document}">${article}${side}</div></div></div>`,
    ),
  };
}

/** The first page of the help, as `HelpHomePage` shows it. */
export function helpStartHtml(): HelpHtml {
  const row = (href: string, title: string, about: string) =>
    `<a href="${href}" class="${classes.startRow}"><span class="${classes.startRowTitle}">${escape(title)}</span><span class="${classes.startRowAbout}">${escape(about)}</span></a>`;
  const sections = sourceSections().map(
    ({ id, title, pages }) =>
      `<section aria-labelledby="${id}"><h2 id="${id}" class="${classes.startSectionTitle}">${title}</h2>${id === "api" ? row("/docs", "API reference", helpStart.apiReference) : ""}${pages
        .map((page) => row(`/help/${page.slug}`, page.title, page.about.replaceAll("`", "")))
        .join("")}</section>`,
  );
  return {
    title: "Help",
    about: helpStart.about,
    body: frame(
      "",
      `<h1 class="${classes.startTitle}">Help</h1><p class="${classes.startAbout}">${helpStart.about}</p><div class="${classes.startSearch}">${search()}</div><div class="${classes.startSections}">${sections.join("")}</div>`,
    ),
  };
}
