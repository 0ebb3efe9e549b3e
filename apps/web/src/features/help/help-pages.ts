import { queryOptions } from "@tanstack/react-query";
import { helpLoads, helpSections } from "virtual:help";
import { loadWithRetry } from "../../lib/chunks.ts";
import type { HelpContent, HelpDocument, HelpSection } from "./help-content.ts";

const pages: ReadonlyMap<string, HelpDocument> = new Map(helpSections.flatMap((section) => section.pages).map((page) => [page.slug, page]));
export const helpPageOf = (slug: string): HelpDocument | undefined => pages.get(slug);

/** Guides first; for administrators the documents for people who run a server. */
export const helpSectionsFor = (isAdministrator: boolean): readonly HelpSection[] =>
  isAdministrator ? helpSections.toSorted((a, b) => Number(b.id === "operations") - Number(a.id === "operations")) : helpSections;

/** The content of a page. It is part of the app: it cannot change while the app is open. */
export const helpContentQuery = (slug: string) =>
  queryOptions({
    queryKey: ["help", slug],
    queryFn: async (): Promise<HelpContent> => {
      const load = helpLoads[slug];
      if (!load) throw new Error(`There is no help page called ${slug}.`);
      return (await loadWithRetry(load)).default;
    },
    staleTime: Infinity,
  });
