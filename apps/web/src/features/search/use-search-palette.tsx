import { useQueryClient } from "@tanstack/react-query";
import type { SearchResults } from "@tesslate/contract";
import { Bot, Box, LayoutTemplate, MessageSquare, UserRound } from "lucide-react";
import type { ReactNode } from "react";
import { recentProjectsQuery } from "../../project/projects.queries.ts";
import { usePaletteSource, type PaletteItem } from "../../ui/page/palette.ts";
import { searchQuery } from "./search.queries.ts";

type Item = PaletteItem & { to: string };
type ListName = keyof SearchResults;

const projectItem = ({ id, name, slug }: { id: string; name: string; slug: string }): Item => ({
  id: `project.${id}`,
  title: name,
  to: `/p/${slug}`,
});

const places: { [K in ListName]: { heading: string; icon: ReactNode; itemOf: (hit: SearchResults[K][number]) => Item } } = {
  projects: { heading: "Projects", icon: <Box size={14} />, itemOf: projectItem },
  chats: {
    heading: "Chats",
    icon: <MessageSquare size={14} />,
    itemOf: ({ id, title, project_name, project_slug }) => ({
      id: `chat.${id}`,
      title,
      hint: project_name,
      to: `/p/${project_slug}?chat=${id}`,
    }),
  },
  agents: {
    heading: "Agents",
    icon: <Bot size={14} />,
    itemOf: ({ id, name, slug, is_own, in_library }) => ({
      id: `agent.${id}`,
      title: name,
      hint: is_own ? "Created by you" : in_library ? "In your library" : "Store",
      to: is_own ? `/library/agents/${slug}` : `/marketplace/agent/${slug}`,
    }),
  },
  templates: {
    heading: "Templates",
    icon: <LayoutTemplate size={14} />,
    itemOf: ({ id, name, slug, is_own, in_library }) => ({
      id: `template.${id}`,
      title: name,
      hint: is_own ? "Created by you" : in_library ? "In your library" : "Store",
      to: `/marketplace/base/${slug}`,
    }),
  },
  people: {
    heading: "People",
    icon: <UserRound size={14} />,
    itemOf: ({ id, name, email }) => ({ id: `person.${id}`, title: name, hint: email, to: `/admin/users/${id}` }),
  },
};

function useSearchSource<K extends ListName>(name: K, untyped?: () => Promise<readonly Item[]>): void {
  const queryClient = useQueryClient();
  const { heading, icon, itemOf } = places[name];
  usePaletteSource({
    id: name,
    heading,
    kind: "things",
    icon,
    isRemote: true,
    search: async (query) => {
      const items = query === "" ? ((await untyped?.()) ?? []) : (await queryClient.ensureQueryData(searchQuery(query)))[name].map(itemOf);
      return items.map((item) => ({ ...item, icon }));
    },
  });
}

/** Projects, chats, agents, templates and, for administrators, people in the palette. Without a query: recent projects. */
export function useSearchPaletteSources(): void {
  const queryClient = useQueryClient();
  useSearchSource("projects", async () => (await queryClient.ensureQueryData(recentProjectsQuery)).items.map(projectItem));
  useSearchSource("chats");
  useSearchSource("agents");
  useSearchSource("templates");
  useSearchSource("people");
}
