/** A built-in skill. Short, because it is loaded whole. */
export interface BuiltinSkill {
  name: string;
  /** When to load it, in one line. */
  description: string;
  body: string;
}

export const builtinSkills: readonly BuiltinSkill[] = [
  {
    name: "accessible-forms",
    description: "building or fixing forms: labels, errors, keyboard, submit states",
    body: `# Accessible forms
- Every field has a visible <label for>. A placeholder is not a label. Group radios and checkboxes in <fieldset><legend>.
- Choose the right type (email, tel, url, number only for quantities), autocomplete, inputmode and enterkeyhint.
- Use a real <form onSubmit> with <button type="submit">; Enter submits. Other buttons are type="button".
- Validate on submit, and after that on change of the field that was wrong. Never block typing or paste.
- An error is next to its field, in words that say how to fix it: aria-invalid="true" and aria-describedby={errorId}. After a failed submit move the focus to the first wrong field; with more than three errors also list them above with links.
- While sending: keep the values, aria-busy on the form, refuse the second submit in the handler (do not only disable the button: the focus would be lost). On failure keep everything that was typed and say what happened in a role="alert".
- Announce success: a role="status" message, or the next page with focus on its heading.
- Mark optional fields in words. Do not use colour alone. Contrast of borders and text at least 3:1 and 4.5:1, targets at least 24x24 px (44 on phones).
- The server validates everything again and answers per field, so that the form can show it.
- Check: fill and submit with the keyboard only; submit empty; submit while offline; zoom to 200 %.`,
  },
  {
    name: "sql-schema",
    description: "designing tables and migrations (PostgreSQL, SQLite, Drizzle)",
    body: `# Tables and migrations
1. Look first: which database and tool does the project use (package.json, drizzle.config.*, prisma/, migrations/)? Follow its naming and file layout.
2. Each fact once. Surrogate primary key (uuid or identity), unique constraints for natural keys. NOT NULL unless absence means something. CHECK for ranges and states. Foreign keys with a chosen onDelete (cascade for parts, restrict for references).
3. Times: timestamptz (SQLite: integer milliseconds or ISO text, one of them everywhere). Money: integer cents or numeric. Text without lengths unless a rule needs one.
4. Index what is filtered, joined and sorted by, columns in the order of the query; foreign keys too. No index without a query.
5. Ownership: a row that belongs to a person carries user_id, and every query filters by it. Never take the id of the owner from the client.
6. Drizzle: tables in one schema file, \`export type Row = typeof table.$inferSelect\`; change the schema, then \`npx drizzle-kit generate\` and apply with the project's script. Never edit a migration that ran somewhere; never use push against data that matters.
7. Safe on tables with rows: add nullable, fill in, then constrain. Rename = add, copy, switch readers, drop later. Never drop in the step that stops using it.
8. Queries: parameters only, no string building. Several writes that belong together go into one transaction. Page with a stable order (created_at, id), not with large offsets.
9. Check: run the migration on an empty and on a filled database, then read the rows back through the app.`,
  },
  {
    name: "auth-basics",
    description: "sign-up, sign-in, sessions, protecting routes and data",
    body: `# Authentication basics
- Prefer the library that the project has, else a maintained one for its framework. Do not invent cryptography.
- Passwords: argon2id (or scrypt, bcrypt cost >= 12), at least 8 characters, no composition rules, checked on the server. Never log or return them.
- Session: random 256-bit id in a cookie with HttpOnly, Secure, SameSite=Lax, Path=/; store only its hash with user_id and expiry; new id at sign-in, deleted at sign-out. Tokens never in localStorage.
- Secrets come from environment variables; ask for what is missing instead of writing a value into a file.
- Same answer and about the same time for "unknown e-mail" and "wrong password". Limit tries per account and per address.
- State-changing requests by cookie need a CSRF defence: SameSite plus an Origin check or a token.
- Authorise on the server at every access to data: find the row by id AND owner; answer 404 for what is not theirs. Hiding a button is not protection. Roles come from the database, never from the request body.
- Redirect targets after sign-in: only paths of the app ("/" + not "//").
- Reset links: random, single use, 30 minutes, stored as a hash; a reset ends all other sessions. Say "if there is an account, a mail was sent".
- Check as a stranger: call each protected endpoint without a session, and with another user's id.`,
  },
  {
    name: "deploy-checklist",
    description: "before an app goes live: build, environment, health, caching, rollback",
    body: `# Before it goes live
1. A clean build passes with the production command, type check and tests too. Fix warnings about missing variables.
2. Every variable that the code reads is listed (README or .env.example) and set at the target. What the browser sees has the public prefix (VITE_, NEXT_PUBLIC_) and holds no secret.
3. The server listens on process.env.PORT and 0.0.0.0, answers a health route without touching slow things, and ends orderly on SIGTERM.
4. Static files: hashed names with long caching, index.html without. A single-page app falls back to index.html for its routes, not for /api or missing assets.
5. API addresses are relative or from the environment; no localhost in the built files (grep for it). CORS names the real origins.
6. Database: migrations run before the new version takes traffic and work with the old one still running. Connection limits fit the platform. There is a backup.
7. Errors are logged with enough to find them and without personal data; people see a sentence, not a stack.
8. Security headers (CSP, X-Content-Type-Options, Referrer-Policy), HTTPS only, cookies Secure, dev tools and source maps as wanted.
9. Title, description, icon, 404 page, robots as intended. Try it on a phone width and with a slow network.
10. Know how to go back: which version was live, and that its migrations allow it.`,
  },
  {
    name: "blank-preview",
    description: "the preview is blank, does not load or shows an error overlay",
    body: `# A blank or broken preview
Work from the outside in, and stop at the first thing that is wrong:
1. get_preview_state: is the container running, what do its last log lines say, which errors are in the console, which requests failed?
2. Not running or restarting: read the log. Missing module -> install it with the project's package manager. Port or host: the dev server must listen on the port of the container and 0.0.0.0. Syntax error in a config file -> fix it. Out of memory -> look for a loop.
3. Running, but 404 or the wrong page: is there an index.html or a route for "/"? Is the base path right?
4. Loads, but blank: the first console error counts, the others follow from it. Usual causes: an import that does not exist (check path, case, default or named export), an exception during the first render, undefined data used before it was loaded, a hook called conditionally, a provider that is missing above its consumer.
5. No error at all: does main.tsx mount into an element that exists in index.html? Does the route render null? Is the text the colour of the background, or the height 0?
6. Requests that fail: is the API running, is its address relative or from the environment, does the dev server proxy it, is it a CORS refusal?
7. Fix the cause, look at get_preview_state again, and say which line was wrong. Do not hide an error behind a try/catch or an empty fallback.`,
  },
];
