import { posix } from "node:path";
import type { LaunchFinding, VerifyReport } from "@tesslate/contract";
import { withTimeout } from "../../../platform/with-timeout.ts";
import type { PreviewSite } from "../../../http/preview-site.ts";
import { pageFile } from "../../../http/static-site.ts";
import { axeOf, BrowsersBusy, openPreviewProxy, type Browsers } from "../../agent/verify/index.ts";
import type { LaunchArtifact } from "./artifact.ts";
import { finding, plural, skipped, verdictOf, type Verdict } from "./report.ts";
import type { Traffic, MeasuredResponse } from "./traffic.ts";
import { visitPage, type PageVisit } from "./visit-page.ts";

/** Browser results for the artifact's pages. */
export interface Tour {
  visits: PageVisit[];
  /** By path; null when axe could not run. */
  accessibility: Map<string, VerifyReport["accessibility"]>;
  firstPage: MeasuredResponse[];
  /** Why no page, or no further page, was visited. */
  stopped?: string;
}

const host = "launch.localhost";
const origin = `http://${host}`;
const tourMs = 50_000;
/** Reserve time for the last page to load. */
const pageMs = 10_000;
const maxPages = 8;
const axeMs = 6000;
const closeMs = 2000;
const maxKnown = 500;
const maxRestarts = 2;
/** Links that may change data or end the session. */
const leaveAlone = /log-?out|sign-?out|delete|remove|unsubscribe|destroy/i;
const notPages = /(?:^|\/)(?:40[34]|50\d|200|_not-found|_error)(?:\.html|\/index\.html)$/;

/**
 * Visits the entry page, the pages it links to and the artifact's other pages, in a browser that reaches only `site`. Rejects only when
 * `signal` aborts.
 */
export async function tour(
  {
    browsers,
    site,
    traffic,
    artifact,
    kind,
    spaFallback,
  }: {
    browsers: Browsers;
    site: PreviewSite;
    traffic: Traffic;
    artifact: LaunchArtifact;
    kind: "static" | "server";
    spaFallback: boolean;
  },
  signal: AbortSignal,
): Promise<Tour> {
  const result: Tour = { visits: [], accessibility: new Map(), firstPage: [] };
  const limit = AbortSignal.any([signal, AbortSignal.timeout(tourMs)]);
  const deadline = performance.now() + tourMs;
  const agenda = planOf(artifact, kind, spaFallback);
  /** Reuse one browser until a page hangs: pages in the same process may hang with it. */
  const visitNext = async () => {
    await using previewProxy = await openPreviewProxy({ site, hosts: new Map([[`${host}:80`, ""]]) });
    await using browser = await browsers.open({ proxy: previewProxy.proxy, trustedOrigins: [origin] }, limit);
    const { context } = browser;
    for (let path = agenda.next(); path !== undefined; path = agenda.next()) {
      if (deadline - performance.now() < pageMs) throw new OutOfTime();
      const { visit, page } = await visitPage({ context, origin, isBlocked: previewProxy.isBlocked }, path);
      limit.throwIfAborted();
      visit.hang = browser.ended() ?? visit.hang;
      result.visits.push(visit);
      agenda.add(visit.links);
      if (result.visits.length === 1) result.firstPage = await traffic.endOfFirstPage();
      if (visit.hang !== undefined) return;
      if (isShown(visit) && deadline - performance.now() > pageMs) result.accessibility.set(path, await axeOf(page, axeMs));
      await withTimeout(closeMs, page.close()).catch(() => undefined);
    }
  };
  try {
    for (let opened = 0; !agenda.isDone(); opened++) {
      if (opened > maxRestarts) throw new OutOfTime();
      await visitNext();
    }
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof BrowsersBusy) result.stopped = error.message;
    else if (error instanceof OutOfTime || limit.aborted) result.stopped = "ran out of time";
    else throw error;
  }
  return result;
}

class OutOfTime extends Error {}

/** Visit order: the entry page, linked pages in order, then the artifact's other documents. Each once, `maxPages` at most. */
function planOf(artifact: LaunchArtifact, kind: "static" | "server", spaFallback: boolean) {
  const linked = ["/"];
  const rest = kind === "static" ? pagesOf(artifact) : [];
  const known = new Set<string>([sameAs(artifact, kind, "/")]);
  let given = 0;
  const isNew = (path: string) => {
    const name = sameAs(artifact, kind, path);
    if (known.has(name) || known.size >= maxKnown) return false;
    known.add(name);
    return true;
  };
  return {
    add: (links: readonly string[]) => {
      for (const link of links) {
        // Dead links are reported without visiting them.
        const isThere = kind === "server" || pageFile(artifact.files, pathOf(link), spaFallback) !== undefined;
        if (isThere && !leaveAlone.test(link) && isNew(link)) linked.push(link);
      }
    },
    next: (): string | undefined => {
      if (given >= maxPages) return undefined;
      const path = linked.shift() ?? rest.find(isNew);
      if (path !== undefined) given += 1;
      return path;
    },
    isDone: () => given >= maxPages || (linked.length === 0 && !rest.some((path) => !known.has(sameAs(artifact, kind, path)))),
  };
}

const isShown = (visit: PageVisit) =>
  visit.failure === undefined && !visit.isBlank && visit.leaves.length === 0 && (visit.status ?? 200) < 400;

const pagesOf = ({ files }: LaunchArtifact): string[] =>
  [...files.keys()]
    .filter((path) => path.endsWith(".html") && path !== "index.html" && !notPages.test(path))
    .map((path) => `/${path.endsWith("/index.html") ? path.slice(0, -"index.html".length) : path}`)
    .slice(0, maxPages);

const pathOf = (link: string): string => link.split("?")[0] ?? "/";

/** `/about`, `/about.html` and `/about/` are one page when they are served from one file; queries do not make another page. */
function sameAs(artifact: LaunchArtifact, kind: "static" | "server", link: string): string {
  const path = pathOf(link);
  return (kind === "static" ? pageFile(artifact.files, path, false) : undefined) ?? path.replace(/\/$/, "");
}

/** Findings about the visited pages. */
export function pagesVerdict(
  { visits, stopped }: Tour,
  artifact: LaunchArtifact,
  { kind, spaFallback }: { kind: "static" | "server"; spaFallback: boolean },
): Verdict {
  if (visits.length === 0) return skipped("pages", stopped ?? "No page was opened.");
  const findings = visits.flatMap(findingsOf);
  if (kind === "static" && !spaFallback) findings.push(...deadLinks(visits, artifact));
  const errors = visits.reduce((sum, { exceptions, consoleErrors }) => sum + exceptions.length + consoleErrors.length, 0);
  const failed = visits.reduce((sum, visit) => sum + visit.failed.filter(isFailure).length, 0);
  const summary = [
    plural(visits.length, "page"),
    errors === 0 ? "no console errors" : plural(errors, "console error"),
    ...(failed === 0 ? [] : [plural(failed, "failed request")]),
    ...(stopped === undefined ? [] : [stopped]),
  ];
  return verdictOf("pages", summary.join(", "), findings);
}

/** Other hosts are blocked here, so failures next to blocked scripts and data may not occur in production. */
const needed = new Set(["script", "fetch", "xhr", "websocket", "document", "eventsource"]);

function findingsOf(visit: PageVisit): LaunchFinding[] {
  const { path: page, foreign } = visit;
  const isCut = [...foreign.values()].some((kinds) => [...kinds].some((kind) => needed.has(kind)));
  const found: LaunchFinding[] = [];
  const report = (severity: LaunchFinding["severity"], message: string, path: string | null = null) =>
    found.push(finding("pages", severity, message, { page, path }));
  /** Downgrades findings that blocked requests may have caused. */
  const grave = (severity: "serious" | "critical") => (isCut ? "minor" : severity);
  if (visit.hang !== undefined) report("critical", `The page does not finish loading. ${visit.hang}`);
  else if (visit.failure !== undefined) report("critical", `The page could not be opened: ${visit.failure}`);
  else if (visit.leaves.length > 0) report("minor", `The page redirects to ${visit.leaves[0]} as soon as it is opened.`);
  else if ((visit.status ?? 200) >= 400) report(page === "/" ? "critical" : "serious", `The page responds with ${visit.status}.`);
  else if (visit.isBlank) report(grave("critical"), "The page is empty.");
  for (const text of visit.exceptions) report(grave("serious"), `Uncaught: ${text}`);
  for (const { path, kind, why } of visit.failed.filter(isFailure))
    report(kindsThatMatter.has(kind) ? "serious" : "minor", `${path} ${why}.`, pathOf(path).replace(/^\//, "") || null);
  for (const text of visit.consoleErrors) report("minor", `Console: ${text}`);
  if (visit.dialogs > 0 && visit.hang === undefined) report("minor", "The page opens a dialog without being asked.");
  if (visit.popups > 0) report("minor", "The page opens windows without being asked.");
  if (visit.downloads > 0) report("minor", "The page starts a download without being asked.");
  if (foreign.size > 0)
    report(
      "info",
      `The page needs ${[...foreign.keys()].slice(0, 5).join(", ")}, which is blocked during checks. What depends on it was not checked.`,
    );
  return found;
}

const kindsThatMatter = new Set(["script", "stylesheet", "fetch", "xhr", "document"]);
/** 401, 403 and a missing favicon are not failures. */
const isFailure = ({ path, status }: PageVisit["failed"][number]): boolean =>
  status !== 401 && status !== 403 && !pathOf(path).endsWith("favicon.ico");

/** Dead links on visited pages; pages that were opened are reported separately. */
function deadLinks(visits: readonly PageVisit[], artifact: LaunchArtifact): LaunchFinding[] {
  const opened = new Set(visits.map(({ path }) => path));
  const reported = new Set<string>();
  return visits.flatMap(({ path: page, links }) =>
    links.flatMap((link) => {
      const path = pathOf(link);
      if (opened.has(link) || reported.has(path) || pageFile(artifact.files, path, false) !== undefined) return [];
      reported.add(path);
      return [finding("pages", "serious", `A link points to ${posix.normalize(path)}, which does not exist.`, { page })];
    }),
  );
}

const severities = { critical: "critical", serious: "serious", moderate: "minor", minor: "info" } as const;

/** axe findings over all pages, each rule once. */
export function accessibilityVerdict({ accessibility, stopped }: Tour): Verdict {
  const checked = [...accessibility].flatMap(([page, found]) => (found === null ? [] : [{ page, found }]));
  if (checked.length === 0)
    return skipped("accessibility", accessibility.size > 0 ? "The pages did not respond." : (stopped ?? "No page could be checked."));
  const byRule = new Map<string, { finding: LaunchFinding; count: number; help: string; places: string[] }>();
  for (const { page, found } of checked)
    for (const { id, impact, help, count, places } of found) {
      const known = byRule.get(id);
      if (known) known.count += count;
      else byRule.set(id, { finding: finding("accessibility", severities[impact], help, { page }), count, help, places });
    }
  const findings = [...byRule].map(([id, { finding: one, count, help, places }]) => ({
    ...one,
    message: `${help} (${id}, ${count}×): ${places.join(", ")}`.slice(0, 500),
  }));
  const total = [...byRule.values()].reduce((sum, { count }) => sum + count, 0);
  const pages = `on ${plural(checked.length, "page")}`;
  return verdictOf(
    "accessibility",
    total === 0 ? `no findings ${pages}` : `${plural(total, "place")} of ${plural(byRule.size, "kind")} ${pages}`,
    findings,
  );
}
