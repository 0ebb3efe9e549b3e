import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import type { LaunchArtifact } from "../features/delivery/launch/index.ts";

/** Fake keys of real formats; assembled here so that no scanner reports them. */
const letters = "Zq7Rk2Vw9Xt4Bn6Mh3Jd8Lc5Pf";
const digitsOf = (length: number, alphabet = letters) =>
  Array.from({ length }, (_, i) => alphabet[(i * 7 + Math.floor(i / alphabet.length) * 3 + 5) % alphabet.length]).join("");
const jwt = (payload: object) =>
  [{ alg: "HS256", typ: "JWT" }, payload].map((part) => Buffer.from(JSON.stringify(part)).toString("base64url")).join(".") +
  `.${digitsOf(43)}`;
export const fakeKeys = {
  aws: `AK${"IA"}${digitsOf(16, "QWERTYUIOPASDFGHJKLZXCVBNM234567")}`,
  github: `gh${"p_"}${digitsOf(36)}`,
  gitlab: `glp${"at-"}${digitsOf(20)}`,
  stripe: `sk_${"live_"}${digitsOf(32)}`,
  openai: `sk-${"proj-"}${digitsOf(64)}`,
  anthropic: `sk-${"ant-"}api03-${digitsOf(80)}`,
  google: `AI${"za"}${digitsOf(35)}`,
  slack: `xox${"b-"}1234509876-${digitsOf(24)}`,
  pem: `-----BEGIN ${"PRIVATE"} KEY-----\n${digitsOf(64)}\n${digitsOf(64)}\n-----END ${"PRIVATE"} KEY-----`,
  serviceRole: jwt({ iss: "supabase", role: "service_role", exp: 2_000_000_000 }),
  anon: jwt({ iss: "supabase", role: "anon", exp: 2_000_000_000 }),
  database: `postgres${"://"}shop:${digitsOf(14)}@db.shop.internal:5432/shop`,
  stripePublic: `pk_${"live_"}${digitsOf(32)}`,
};

/** A page without axe findings. */
export const page = (body: string, head = "") =>
  `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Bakery</title>${head}</head><body><main>${body}</main></body></html>`;

/** A build artifact with these files. */
export function artifact(given: Record<string, string | Uint8Array>): LaunchArtifact {
  const contents = new Map(Object.entries(given).map(([path, content]) => [path, Buffer.from(content)]));
  const read = (path: string) => contents.get(path) ?? Buffer.alloc(0);
  const files = [...contents].map(([path, { length }]): [string, { size: number }] => [path, { size: length }]);
  return {
    files: new Map(files.sort(([a], [b]) => (a < b ? -1 : 1))),
    totalBytes: files.reduce((sum, [, { size }]) => sum + size, 0),
    hash: async (path) => createHash("sha256").update(read(path)).digest("hex"),
    open: async (path, range) => Readable.from([range ? read(path).subarray(range.start, range.end + 1) : read(path)]),
  };
}

/** The project's values that the planted faults disclose. */
export const plantedValues = [
  { name: "SESSION_SECRET", value: "tall-Onion!bakes 93 loaves" },
  { name: "MAIL_PASSWORD", value: "rye&Sour=4711+crumb" },
  { name: "API_TOKEN", value: "tok_9f2Kd81LmQ0xZ7" },
  { name: "WEBHOOK_SECRET", value: "Yeast_8812_rises" },
];
const [session = "", mail = "", token = "", webhook = ""] = plantedValues.map(({ value }) => value);

/** Faults in public files: which file discloses a value, and the text of the finding. */
export const plantedSecrets: { fault: string; path: string; content: string; message: RegExp }[] = [
  { fault: "a project's secret as it is", path: "assets/a.js", content: `const s="${session}";`, message: /value of SESSION_SECRET/ },
  { fault: "in base64, within more", path: "assets/b.js", content: `x("${Buffer.from(`u:${mail}`).toString("base64")}")`, message: /MAIL_PASSWORD, as base64/ },
  { fault: "in a URL", path: "assets/c.js", content: `f("/x?p=${encodeURIComponent(mail)}")`, message: /MAIL_PASSWORD, as url/ },
  { fault: "as hexadecimal digits", path: "assets/d.json", content: JSON.stringify({ k: Buffer.from(token).toString("hex") }), message: /API_TOKEN, as hex/ },
  { fault: "backwards", path: "assets/e.css", content: `/* ${[...webhook].toReversed().join("")} */`, message: /WEBHOOK_SECRET, as reversed/ },
  { fault: "an AWS key", path: "assets/aws.js", content: `a="${fakeKeys.aws}"`, message: /AWS access key/ },
  { fault: "a GitHub token", path: "gh.txt", content: `token: ${fakeKeys.github}`, message: /GitHub token/ },
  { fault: "a GitLab token", path: "gl.js", content: `a='${fakeKeys.gitlab}'`, message: /GitLab token/ },
  { fault: "a live Stripe key", path: "pay.js", content: `Stripe("${fakeKeys.stripe}")`, message: /live Stripe key/ },
  { fault: "an OpenAI key", path: "ai.js", content: `k="${fakeKeys.openai}"`, message: /OpenAI/ },
  { fault: "an Anthropic key", path: "ai2.js", content: `k="${fakeKeys.anthropic}"`, message: /Anthropic/ },
  { fault: "a Google key for models", path: "ai3.js", content: `new GoogleGenerativeAI("${fakeKeys.google}")`, message: /Google API key/ },
  { fault: "a Slack token", path: "slack.js", content: `k="${fakeKeys.slack}"`, message: /Slack token/ },
  { fault: "a private key", path: "sign.js", content: `k=${JSON.stringify(fakeKeys.pem)}`, message: /private key/ },
  { fault: "a service role key", path: "db.js", content: `c("${fakeKeys.serviceRole}")`, message: /service role/ },
  { fault: "a database URL", path: "db2.js", content: `u="${fakeKeys.database}"`, message: /database URL/ },
  { fault: "an environment file", path: ".env.production", content: "A_SETTING=1\n", message: /environment file/ },
  {
    fault: "a key in a source map",
    path: "assets/m.js.map",
    content: JSON.stringify({ version: 3, sources: ["../../src/pay.ts"], sourcesContent: [`// one\n// two\nconst k = "${fakeKeys.stripe}";\n`] }),
    message: /through the source map/,
  },
  {
    fault: "a key in an inline source map",
    path: "assets/i.js",
    content: `1;\n//# sourceMappingURL=data:application/json;base64,${Buffer.from(JSON.stringify({ sourcesContent: [`k="${fakeKeys.github}"`] })).toString("base64")}`,
    message: /GitHub token, in the inline source map/,
  },
]; // prettier-ignore

/** Faults of pages, by page: each page costs a visit, so some have two. */
export const plantedPages: { fault: string; path: string; body: string; rule: "pages" | "accessibility"; message: RegExp }[] = [
  { fault: "an uncaught exception", path: "/throws.html", body: "<h1>A</h1><script>null.loaf</script>", rule: "pages", message: /^Uncaught: TypeError/ },
  { fault: "console errors", path: "/throws.html", body: '<script>console.error("oven is cold")</script>', rule: "pages", message: /oven is cold/ },
  { fault: "a script that is missing", path: "/requests.html", body: '<h1>B</h1><script src="/assets/missing.js"></script>', rule: "pages", message: /missing\.js answered 404/ },
  { fault: "a request that fails", path: "/requests.html", body: '<script>fetch("/api/loaves").catch(() => 0)</script>', rule: "pages", message: /\/api\/loaves answered 404/ },
  { fault: "an empty page", path: "/blank.html", body: '<div id="root"></div>', rule: "pages", message: /page is empty/ },
  { fault: "a picture without alt text", path: "/unlabelled.html", body: '<h1>C</h1><img width="20" height="20" src="data:image/gif;base64,R0lGODlhAQABAAAAACw=">', rule: "accessibility", message: /image-alt/ },
]; // prettier-ignore

/** Pages that attack their visitors. */
export const hostilePages = (port: number): Record<string, string> => ({
  "/popups.html": `<h1>P</h1><script>for (let i = 0; i < 20; i++) open("http://127.0.0.1:${port}/popup" + i)</script>`,
  "/download.html": `<h1>D</h1><a id="a" download="x.bin" href="data:application/octet-stream,xxxx">x</a><script>document.querySelector("#a").click(); const f = document.createElement("iframe"); f.src = "http://127.0.0.1:${port}/file.zip"; document.body.append(f)</script>`,
  "/worker.html": `<h1>W</h1><script>navigator.serviceWorker.register("/sw.js"); new Worker(URL.createObjectURL(new Blob(["fetch('http://127.0.0.1:${port}/worker', { mode: 'no-cors' })"])))</script>`,
  "/huge.html": `<h1>H</h1><script>const t = "<p>x</p>".repeat(30000); document.body.insertAdjacentHTML("beforeend", t); for (const name of ["querySelectorAll"]) Document.prototype[name] = () => { throw "mine"; }; Array.prototype.push = () => 1e9;</script>`,
  "/away.html": `<h1>A</h1><script>location = "http://127.0.0.1:${port}/away"; fetch("http://localhost:${port}/f", { mode: "no-cors" }); new WebSocket("ws://127.0.0.1:${port}/s")</script>`,
  "/endless.html": "<h1>E</h1><script>setTimeout(() => { for (;;); }, 50)</script>",
  "/alerts.html": `<h1>L</h1><script>for (;;) alert("again")</script>`,
});
