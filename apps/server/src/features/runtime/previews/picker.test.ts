/// <reference lib="dom" />
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { textHash, type ElementOrigin } from "@tesslate/contract";
import { chromium, type Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { fixture } from "../../projects/element-edits/fixtures/render.ts";

const executablePath = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find((p) => existsSync(p));

/**
 * A page of `next dev` with Turbopack, as a browser had it: its elements, what React knew about each, and the development server's responses to
 * the picker (of scripts only the last line, without packages and without excerpts of the source). The app is the fixture of element edits, in
 * `web/` of its project.
 */
interface Recording {
  html: string;
  /** Lines of stacks. */
  frames: string[];
  /** React's nodes. The others by index: `element` of the page in document order, `stack` of `frames`. */
  fibers: {
    key: string | null;
    stack: number[];
    owner: number | null;
    isServer?: true;
    element?: number;
    return?: number | null;
    child?: number;
    sibling?: number;
  }[];
  /** By path, and for a POST its body after it. */
  responses: Record<string, unknown>;
}
const origin = "http://localhost:3217";
const readRecording = () => readFileSync(join(import.meta.dirname, "fixtures/next-16.json"), "utf8");

interface Picked {
  source?: { file: string; line: number; column: number };
  edit?: { origins: ElementOrigin[] };
}

describe.skipIf(!executablePath)("the picker in a page of Next.js (needs Chromium)", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await chromium.launch({ ...(executablePath && { executablePath }), args: ["--no-sandbox"] });
  });
  afterAll(() => browser.close());

  /** Opens a recorded page and selects elements of it. `directory`: the app's folder in the project. */
  async function open(recorded: string, directory: string) {
    const { html, frames, fibers, responses } = JSON.parse(recorded) as Recording;
    const page = await browser.newPage();
    const unknown: string[] = [];
    await page.route("**/*", async (route) => {
      const request = route.request();
      const { pathname } = new URL(request.url());
      if (pathname === "/") return route.fulfill({ contentType: "text/html", body: `<!doctype html><title>Next.js</title>${html}` });
      const body = request.postData();
      const response = responses[body === null ? pathname : `${pathname} ${body}`];
      if (response === undefined && request.resourceType() === "fetch") unknown.push(`${pathname} ${body ?? ""}`);
      if (response === undefined) return route.fulfill({ status: 404 });
      return typeof response === "string" ? route.fulfill({ body: response }) : route.fulfill({ json: response });
    });
    await page.goto(origin);
    await page.evaluate(
      ([lines, nodes]) => {
        const root = document.body.firstElementChild as Element;
        const elements = [root, ...root.querySelectorAll("*")];
        const made = nodes.map((): Record<string, unknown> => ({}));
        for (const [at, node] of nodes.entries()) {
          const fiber = made[at] as Record<string, unknown>;
          const stack = {
            stack: ["Error: react-stack-top-frame", ...node.stack.map((line) => `    at ${lines[line]?.slice(3)}`)].join("\n"),
          };
          const of = (index: number | null | undefined) => (index === null || index === undefined ? null : made[index]);
          const owner = of(node.owner);
          if (node.isServer) Object.assign(fiber, { debugStack: stack, owner });
          else {
            const links = { return: of(node.return), child: of(node.child), sibling: of(node.sibling), alternate: null };
            Object.assign(fiber, { key: node.key, _debugStack: stack, _debugOwner: owner, ...links });
          }
          const element = node.element === undefined ? undefined : elements[node.element];
          if (element) {
            fiber["stateNode"] = element;
            Object.assign(element, { __reactFiber$recorded: fiber });
          }
        }
      },
      [frames, fibers] as const,
    );
    await page.addScriptTag({ path: join(import.meta.dirname, "picker.js") });
    return {
      unknown,
      pick: async (selector: string): Promise<Picked> => {
        const picked = page.evaluate(
          (folder) =>
            new Promise<Picked>((resolve) => {
              let last: Picked = {};
              const { __tesslatePicker: picker } = globalThis as unknown as {
                __tesslatePicker: { start(options: { picked: (one: Picked) => void; over: () => void; directory: string }): void };
              };
              picker.start({ picked: (one) => (last = one), over: () => resolve(last), directory: folder });
            }),
          directory,
        );
        await page
          .locator(selector)
          .first()
          .click({ force: true, position: { x: 3, y: 3 } });
        return picked;
      },
    };
  }

  const files = fixture("next");
  const unisolated = "/srv/data/runtime/sandboxes/5b1c/files";
  /** A place of a client component has the hash of its file, which its source map contains. */
  const inOffer = (line: number, column: number, items: ElementOrigin["items"] = []) => ({
    file: "components/offer.tsx",
    line,
    column,
    hash: textHash(files.get("components/offer.tsx") ?? ""),
    items,
  });
  const inPage = (line: number, column: number, items: ElementOrigin["items"] = []) => ({ file: "app/page.tsx", line, column, items });

  test.each([
    ["in a folder of the project", "web", (text: string) => text],
    ["at the project's root", ".", (text: string) => text.replaceAll("/app/web", "/app")],
    ["without isolation", "web", (text: string) => text.replaceAll("/app/web", `${unisolated}/web`)],
  ])("elements of server and client components are found in their source: %s", async (_where, directory, placed) => {
    const { pick, unknown } = await open(placed(readRecording()), directory);
    const heading = await pick("h1");
    expect(heading.source).toEqual({ file: "app/page.tsx", line: 26, column: 9 });
    expect(heading.edit?.origins).toEqual([inPage(26, 9)]);
    expect((await pick("main > ul > li:nth-of-type(2)")).edit?.origins).toEqual([
      inPage(33, 13, [{ line: 33, column: 13, index: 1, count: 4 }]),
    ]);
    const offer = await pick("section > h2");
    expect(offer.source).toMatchObject({ file: "components/offer.tsx", line: 19, column: 7 });
    expect(offer.edit?.origins).toEqual([inOffer(19, 7), inPage(39, 9)]);
    expect((await pick("section > span")).edit?.origins).toEqual([inOffer(12, 10), inOffer(24, 7)]);
    expect((await pick("section li:nth-of-type(2) > strong")).edit?.origins).toEqual([
      inOffer(30, 13, [{ line: 29, column: 11, index: 1, count: 2 }]),
      inPage(39, 9),
    ]);
    const [button, use] = (await pick("section > button")).edit?.origins ?? [];
    expect([button?.file, use]).toEqual(["components/ui/button.tsx", inOffer(36, 7)]);
    expect(unknown).toEqual([]);
  });

  test("names that addresses encode are found by the project's spelling", async () => {
    const recorded = readRecording().replaceAll(
      "file:///app/web/components/offer.tsx",
      "file:///app/web/app/%40modal/[plan]%20a/offer.tsx",
    );
    const { pick } = await open(recorded, "web");
    expect((await pick("section > h2")).source).toMatchObject({ file: "app/@modal/[plan] a/offer.tsx", line: 19 });
  });
});
