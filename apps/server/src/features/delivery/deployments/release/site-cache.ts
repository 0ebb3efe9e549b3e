import type { StaticSite } from "../../../../http/static-site.ts";
import type { Bus } from "../../../../platform/bus.ts";
import type { DeploymentRow } from "../../../../db/schema/delivery.ts";
import type { ArtifactStore } from "../build/artifacts.ts";
import type { DeploymentsStore } from "../deployments.store.ts";
import { labelFor, prefixes } from "./site-urls.ts";

const channel = "live_sites";
const rememberMs = 3000;
const maxSites = 200;

type Shown = Pick<DeploymentRow, "provider" | "environment" | "site_name">;
export interface CachedSite {
  row: DeploymentRow | undefined;
  /** Visitors need the password. */
  passwordHash: string | undefined;
  files: StaticSite | undefined;
  readAt: number;
}

export type SiteCache = ReturnType<typeof createSiteCache>;
/** What the hosts of deployed sites serve. */
export function createSiteCache({ store, artifacts, bus }: { store: DeploymentsStore; artifacts: ArtifactStore; bus: Bus }) {
  const sites = new Map<string, Promise<CachedSite>>();
  bus.listen<{ label: string }>(channel, ({ label }) => void sites.delete(label));
  bus.onReconnect(() => sites.clear());

  const load = async (label: string, before: CachedSite | undefined): Promise<CachedSite> => {
    const site = label.startsWith(prefixes.preview)
      ? { row: await store.findLocalPreview(label.slice(prefixes.preview.length)), passwordHash: null }
      : await store.findLocalSite(label.slice(prefixes.production.length));
    const row = site?.row;
    const passwordHash = site?.passwordHash ?? undefined;
    if (!row || row.program) return { row, passwordHash, files: undefined, readAt: Date.now() };
    // The same version has the same files.
    if (before?.files && before.row?.id === row.id) return { row, passwordHash, files: before.files, readAt: Date.now() };
    const artifact = await artifacts.find(row);
    const entries = artifact && new Map(artifact.files.map((file) => [file.path, file]));
    const files = entries && {
      files: entries,
      spaFallback: row.spa_fallback,
      hash: (path: string) => entries.get(path)?.sha256 ?? "",
      read: async (path: string, range?: { start: number; end: number }) => {
        const file = entries.get(path);
        if (!file) throw new Error(`${path} is not a file of this site`);
        return file.read(range);
      },
    };
    return { row, passwordHash, files, readAt: Date.now() };
  };
  const find = async (label: string): Promise<CachedSite> => {
    const known = sites.get(label);
    const before = await known?.catch(() => undefined);
    if (known && before && Date.now() - before.readAt < rememberMs) return before;
    if (sites.get(label) !== known) return find(label);
    const next = load(label, before);
    if (sites.size >= maxSites) sites.clear();
    sites.set(label, next);
    next.catch(() => sites.get(label) === next && sites.delete(label));
    return next;
  };

  return {
    find,
    /** Invalidates the cached site of a host, on all servers. */
    changed: async ({ provider, environment, site_name }: Shown): Promise<void> => {
      if (provider !== "local" || site_name === null) return;
      const label = labelFor(environment, site_name);
      sites.delete(label);
      await bus.notify(channel, { label });
    },
  };
}
