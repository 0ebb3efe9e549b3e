import { expect, test } from "vitest";
import { placesIn } from "./place-links.ts";

const files = new Set(["src/App.tsx", "server.js", "web/src/main.ts", "app/[id]/page.tsx"]);
const found = (text: string, base = ".") => placesIn(text, base, (path) => files.has(path)).map((p) => [p.place, text.slice(p.from, p.to)]);

test.each([
  ["at fn (/app/server.js:10:5)", ".", [["server.js:10:5", "/app/server.js:10:5"]]],
  ["./src/App.tsx:12 is odd", ".", [["src/App.tsx:12", "./src/App.tsx:12"]]],
  ["src/main.ts(3,7): error TS2304", "web", [["web/src/main.ts:3:7", "src/main.ts(3,7)"]]],
  ["app/[id]/page.tsx:1:1", ".", [["app/[id]/page.tsx:1:1", "app/[id]/page.tsx:1:1"]]],
  ["gone.ts:1 ../server.js:2 /etc/server.js:3 http://localhost:3000 12:30:45 server.js", ".", []],
])("%j in %s", (text, base, places) => expect(found(text, base)).toEqual(places));
