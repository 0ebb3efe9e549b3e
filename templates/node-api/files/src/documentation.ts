import { html } from "hono/html";

interface Operation {
  summary?: string;
}
const methods = ["get", "post", "put", "patch", "delete"] as const;
interface Document {
  paths?: Record<string, Partial<Record<(typeof methods)[number], Operation>>>;
}

/** A list of all routes, from the OpenAPI document, without scripts of other hosts. Tools read `/openapi.json` itself. */
export function documentationPage(document: Document) {
  const routes = Object.entries(document.paths ?? {}).flatMap(([path, item]) =>
    methods.flatMap((method) => {
      const operation = item[method];
      return operation ? [{ method: method.toUpperCase(), path, summary: operation.summary ?? "" }] : [];
    }),
  );
  return html`<!doctype html>
      <html lang="en">
        <head>
          <meta charset="UTF-8" />
          <meta name="viewport" content="width=device-width, initial-scale=1" />
          <meta name="color-scheme" content="light dark" />
          <link rel="icon" href="data:," />
          <title>Routes</title>
          <style>
            :root {
              color-scheme: light dark;
            }
            body {
              max-width: 44rem;
              margin: 0 auto;
              padding: 3rem 1.5rem;
              background: light-dark(#fafaf9, #0c0a09);
              color: light-dark(#1c1917, #f5f5f4);
              font: 1rem/1.6 system-ui, sans-serif;
            }
            dt {
              margin-top: 1.25rem;
              font-family: ui-monospace, monospace;
            }
            dd {
              margin: 0;
              color: light-dark(#57534e, #d6d3d1);
            }
            a {
              color: inherit;
            }
          </style>
        </head>
        <body>
          <main>
            <h1>Routes</h1>
            <p>The complete description is <a href="/openapi.json">openapi.json</a>.</p>
            <dl>
              ${routes.map(({ method, path, summary }) => html`<dt>${method} ${path}</dt><dd>${summary}</dd>`)}
            </dl>
          </main>
        </body>
      </html>`;
}
