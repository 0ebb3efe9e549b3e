import community from "./community-bases.json" with { type: "json" };
import official from "./official-bases.json" with { type: "json" };
import type { Logger } from "../../../../platform/logger.ts";
import type { ServerSettings } from "../../../../platform/server-settings.ts";
import type { Templates } from "../../../projects/projects/index.ts";
import { systemAccounts } from "../../../accounts/users/index.ts";
import type { BaseListings, SeededBase } from "../bases.store.ts";

/** Slugs and icons of the bundled templates in the store. */
const bundled: Record<string, { slug?: string; icon: string }> = {
  "react-vite": { icon: "⚛️" },
  nextjs: { icon: "▲" },
  "node-api": { icon: "🟢" },
  fastapi: { icon: "🐍" },
  "full-stack": { icon: "🧱" },
  "fastapi-react": { icon: "🐍" },
  astro: { icon: "🚀" },
  blank: { icon: "⬜" },
  static: { slug: "static-html", icon: "📄" },
};

interface CatalogueFile {
  version: number;
  bases: { slug: string; is_featured: boolean; [key: string]: unknown }[];
}
const settingKey = "marketplace_catalogue";

/**
 * Creates or updates the bundled bases at server start. A failing step does not stop the next; a step whose data has not changed is skipped.
 * Idempotent, also when several processes run it.
 */
export async function seedBases({
  listings,
  templates,
  settings,
  log,
}: {
  listings: BaseListings;
  templates: Templates;
  settings: ServerSettings;
  log: Logger;
}): Promise<void> {
  const step = async (name: string, work: () => Promise<void>) =>
    work().catch((err: unknown) => log.error({ err, step: name }, "catalogue step failed"));
  await step("templates", async () => {
    const rows = templates.list().map(({ api }): SeededBase => {
      const { slug, icon } = { slug: api.slug, icon: "📦", ...bundled[api.slug] };
      return {
        slug,
        name: api.name,
        description: api.description,
        source_type: "archive",
        template_slug: api.slug,
        git_repo_url: null,
        default_branch: "main",
        category: api.category,
        icon,
        features: ["Ready at once", "Works offline", ...api.features],
        tech_stack: api.stack,
        tags: [api.category, "official", "bundled"],
      };
    });
    await listings.seed(rows, null, new Set(rows.map((row) => row.slug)));
  });
  for (const [name, file, owner] of [
    ["official", official as CatalogueFile, null],
    ["community", community as CatalogueFile, systemAccounts.community.id],
  ] as const)
    await step(name, async () => {
      const key = `${settingKey}_${name}`;
      if ((await settings.get<number>(key)) === file.version) return;
      const featured = new Set(file.bases.filter((base) => base.is_featured).map((base) => base.slug));
      await listings.seed(
        file.bases.map((base) => ({ ...without(base, "is_featured"), source_type: "git", template_slug: null }) as SeededBase),
        owner,
        featured,
      );
      await settings.set(key, file.version);
    });
}

const without = <T extends object, K extends keyof T>(from: T, key: K): Omit<T, K> => {
  const { [key]: _left, ...rest } = from;
  return rest;
};
