import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import type { Page } from "playwright-core";
import type { VerifyReport } from "@tesslate/contract";
import { isolated } from "./isolated-world.ts";

const axeMs = 10_000;
const worldMs = 3000;
const impacts = ["minor", "moderate", "serious", "critical"] as const;
const run =
  'axe.run(document, { resultTypes: ["violations"], iframes: false }).then((r) => JSON.stringify(r.violations.slice(0, 60).map((v) => ({ id: v.id, impact: v.impact, help: v.help, count: v.nodes.length, places: v.nodes.slice(0, 3).map((n) => n.target.join(" ").slice(0, 200)) }))))';

let source: Promise<string> | undefined;

/** Findings of axe, most severe first; null when it does not finish within `timeoutMs`. Help texts come from axe, selectors from the page. */
export async function axeOf(page: Page, timeoutMs = axeMs): Promise<VerifyReport["accessibility"]> {
  source ??= readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
  const script = await source;
  try {
    const world = await isolated(page, worldMs);
    await world.evaluate(`${script};0`, timeoutMs);
    const answer = await world.evaluate(run, timeoutMs);
    const found: unknown = typeof answer === "string" ? JSON.parse(answer) : undefined;
    if (!Array.isArray(found)) return null;
    return found
      .map((one: Record<string, unknown>) => ({
        id: String(one["id"]).slice(0, 80),
        impact: impacts.find((impact) => impact === one["impact"]) ?? ("minor" as const),
        help: String(one["help"]).slice(0, 200),
        count: Math.max(0, Math.trunc(Number(one["count"])) || 0),
        places: (Array.isArray(one["places"]) ? one["places"] : []).slice(0, 3).map((place) => String(place).slice(0, 200)),
      }))
      .toSorted((a, b) => impacts.indexOf(b.impact) - impacts.indexOf(a.impact))
      .slice(0, 20);
  } catch {
    return null;
  }
}
