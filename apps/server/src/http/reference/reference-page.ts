import type { Json } from "../openapi-components.ts";
import { escapeHtml as escape, paragraphsToHtml, wordsToHtml } from "./html.ts";

interface Listed {
  id: string;
  method: string;
  path: string;
  summary: string;
}
/** The operations of a document by tag, in the order of the document. */
export function operationsByTag(document: Json): Map<string, Listed[]> {
  const tags = new Map<string, Listed[]>((document["tags"] as { name: string }[]).map(({ name }) => [name, []]));
  for (const [path, item] of Object.entries(document["paths"] as Record<string, Record<string, Json>>))
    for (const [method, { operationId, summary, tags: of }] of Object.entries(item))
      tags.get(String((of as string[])[0]))?.push({ id: String(operationId), method, path, summary: String(summary) });
  return tags;
}

const listOf = ({ name, description }: { name: string; description: string }, operations: Listed[]): string => `
<section><h2>${escape(name)}</h2><p>${wordsToHtml(description)}</p><ul>
${operations
  .map(
    ({ id, method, path, summary }) =>
      `<li><a href="#/${encodeURIComponent(name)}/${escape(id)}" data-id="${escape(id)}"><b class="${method}">${method.toUpperCase()}</b><span>${escape(summary)}</span><code>${escape(path)}</code></a></li>`,
  )
  .join("\n")}
</ul></section>`;

/** The page at `/docs`: all operations as links, without scripts. `reference.js` shows what the server says about one of them. */
export function referencePage(document: Json): string {
  const { title, version, description } = document["info"] as Record<string, string>;
  const tags = document["tags"] as { name: string; description: string }[];
  const operations = operationsByTag(document);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>API reference · Tesslate Studio</title>
<link rel="icon" href="/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/docs/reference.css">
<script src="/docs/reference.js"></script>
</head>
<body>
<a class="skip" href="#main">Skip to content</a>
<header>
<a class="home" href="/">Tesslate Studio</a>
<h1>API reference <small>${escape(version)}</small></h1>
<nav aria-label="Documents"><a href="/help/api">Guide</a><a href="/openapi.json">openapi.json</a></nav>
<button type="button" id="authorize">Authorize</button>
</header>
<div class="columns">
<nav id="list" aria-label="Operations">
<input type="search" id="search" aria-label="Search operations" placeholder="Search operations">
<p id="found" role="status"></p>
${tags.map((tag) => listOf(tag, operations.get(tag.name) ?? [])).join("\n")}
</nav>
<main id="main" tabindex="-1" aria-label="${escape(title)}">
<div id="introduction">${paragraphsToHtml(description ?? "")}</div>
<div id="operation" hidden>
<a class="back" href="#">All operations</a>
<p id="state" role="status"></p>
<div id="details"></div>
<button type="button" id="try" hidden>Try it out</button>
<section id="swagger" tabindex="-1" aria-label="Try it out" hidden></section>
</div>
</main>
</div>
</body>
</html>
`;
}
