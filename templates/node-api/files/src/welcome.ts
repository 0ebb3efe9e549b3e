import { html } from "hono/html";

/** What a browser sees at `/` until the API gets a page of its own. */
export const welcomePage = html`<!doctype html>
  <html lang="en">
    <head>
      <meta charset="UTF-8" />
      <meta name="viewport" content="width=device-width, initial-scale=1" />
      <meta name="color-scheme" content="light dark" />
      <link rel="icon" href="data:," />
      <title>New API</title>
      <style>
        :root {
          color-scheme: light dark;
          --line: light-dark(#e7e5e4, #292524);
          --faint: light-dark(#78716c, #a8a29e);
        }
        body {
          display: flex;
          flex-direction: column;
          justify-content: center;
          box-sizing: border-box;
          max-width: 36rem;
          min-height: 100dvh;
          margin: 0 auto;
          padding: 4rem 1.5rem;
          background: light-dark(#fafaf9, #0c0a09);
          color: light-dark(#1c1917, #f5f5f4);
          font: 1rem/1.6 system-ui, sans-serif;
        }
        h1 {
          margin: 0.75rem 0 0;
          font-size: 2rem;
          font-weight: 600;
          letter-spacing: -0.025em;
          line-height: 1.15;
        }
        .status {
          margin: 0;
          color: var(--faint);
          font-size: 0.875rem;
        }
        .status::before {
          display: inline-block;
          width: 0.5rem;
          height: 0.5rem;
          margin-right: 0.5rem;
          border-radius: 50%;
          background: #10b981;
          content: "";
        }
        .lead {
          margin: 1rem 0 0;
          color: light-dark(#57534e, #d6d3d1);
        }
        ul {
          margin: 2.5rem 0 0;
          padding: 0;
          border-bottom: 1px solid var(--line);
          font-size: 0.875rem;
          list-style: none;
        }
        li {
          display: flex;
          align-items: baseline;
          justify-content: space-between;
          gap: 1.5rem;
          padding-block: 0.75rem;
          border-top: 1px solid var(--line);
        }
        a {
          color: inherit;
          font-family: ui-monospace, monospace;
          font-size: 0.8125rem;
          text-underline-offset: 3px;
        }
        li span {
          color: var(--faint);
        }
      </style>
    </head>
    <body>
      <p class="status">Running</p>
      <h1>Ready to be built on</h1>
      <p class="lead">
        This is an empty API in TypeScript. Say what it should do, or edit <code>src/app.ts</code>: the server restarts
        by itself.
      </p>
      <ul>
        <li><a href="/api/hello?name=you">GET /api/hello</a><span>an example</span></li>
        <li><a href="/api/health">GET /api/health</a><span>is it up?</span></li>
        <li><a href="/docs">GET /docs</a><span>all routes</span></li>
      </ul>
    </body>
  </html>`;
