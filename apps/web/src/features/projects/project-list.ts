import type { Project } from "@tesslate/contract";

export const sortOrders = { updated: "Last updated", name: "Name", created: "Newest" } as const;
export type SortOrder = keyof typeof sortOrders;

/** Pinned projects are first in every order. */
export function sortProjects(projects: readonly Project[], order: SortOrder): Project[] {
  const newestFirst = (a: string, b: string) => b.localeCompare(a);
  const isBelow = ({ pinned_at }: Project) => Number(pinned_at === null);
  return [...projects].sort(
    (a, b) =>
      isBelow(a) - isBelow(b) ||
      (order === "name"
        ? a.name.localeCompare(b.name, undefined, { sensitivity: "base", numeric: true })
        : order === "created"
          ? newestFirst(a.created_at, b.created_at)
          : newestFirst(a.updated_at, b.updated_at)),
  );
}

export const projectsPerPage = 24;

/** The rows of a page; a page beyond the end is the last one. */
export function pageOf(total: number, asked: number): { page: number; pages: number; from: number; to: number } {
  const pages = Math.max(1, Math.ceil(total / projectsPerPage));
  const page = Math.min(pages, Math.max(1, asked));
  return { page, pages, from: (page - 1) * projectsPerPage, to: Math.min(total, page * projectsPerPage) };
}
