import { setTimeout as sleep } from "node:timers/promises";
import { fetchPort, type SandboxPort } from "./sandbox-port.ts";
import type { Sandbox } from "./types.ts";

const maxResources = 60;
/**
 * Loads a page with its scripts and styles from a server, which then has them in its caches. Throws when the page responds with 5xx; what
 * the page needs may fail.
 */
export async function loadPage(to: SandboxPort, path: string, signal: AbortSignal): Promise<void> {
  const base = new URL(path, `http://localhost:${to.port}`);
  const seen = new Set<string>();
  const queue = [base.href];
  for (let at = queue.shift(); at !== undefined && seen.size < maxResources; at = queue.shift()) {
    if (seen.has(at)) continue;
    seen.add(at);
    const { status, text } = await visit(to, at, signal);
    if (at === base.href && status >= 500) throw new Error(`the page responds with ${status}`);
    for (const [, target = ""] of text.matchAll(/(?:\bsrc|\bhref|\bfrom|\bimport)\s*[=(]?\s*["']([^"'\s]+)["']/g)) {
      const url = URL.canParse(target, at) ? new URL(target, at) : undefined;
      if (url?.origin === base.origin && !seen.has(url.href)) queue.push(url.href);
    }
  }
}

const quietMs = 3_000;
const longestNoiseMs = 20_000;
const sampleMs = 500;
/**
 * Resolves when the programs of a sandbox have used hardly any CPU for 3 s, at the latest after 20 s: caches are written shortly after the
 * response, and those of Next.js once its server has been idle for 2 s. `isHurried` ends it at once.
 */
export async function untilQuiet(
  sandbox: Pick<Sandbox, "usage">,
  signal: AbortSignal,
  isHurried: () => boolean = () => false,
): Promise<void> {
  const end = Date.now() + longestNoiseMs;
  let { cpuSeconds } = await sandbox.usage();
  for (let quietFor = 0; quietFor < quietMs && Date.now() < end;) {
    await sleep(sampleMs, undefined, { signal });
    if (isHurried()) return;
    const now = (await sandbox.usage()).cpuSeconds;
    quietFor = now - cpuSeconds < (0.1 * sampleMs) / 1000 ? quietFor + sampleMs : 0;
    cpuSeconds = now;
  }
}

const maxRedirects = 20;
/** A dev server that discovers a dependency restarts and closes the connection: that is not a failure. */
async function visit(to: SandboxPort, url: string, signal: AbortSignal): Promise<{ status: number; text: string }> {
  for (let tries = 1; ; tries++) {
    try {
      const limit = AbortSignal.any([signal, AbortSignal.timeout(60_000)]);
      let at = new URL(url);
      for (let redirects = 0; ; redirects++) {
        const response = await fetchPort(to, at.pathname + at.search, { signal: limit });
        const next = URL.parse(response.headers.get("location") ?? "", at);
        const isFollowed = response.status >= 300 && response.status < 400 && next?.origin === at.origin && redirects < maxRedirects;
        if (!isFollowed) return { status: response.status, text: await response.text() };
        await response.body?.cancel();
        at = next;
      }
    } catch (error) {
      if (signal.aborted || tries >= 10) throw error;
      await sleep(300, undefined, { signal });
    }
  }
}
