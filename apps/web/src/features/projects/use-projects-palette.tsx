import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Box } from "lucide-react";
import { projectsQuery, recentProjectsQuery } from "../../project/projects.queries.ts";
import { usePaletteSource } from "../../ui/page/palette.ts";
import { statusLookOf } from "./project-status.ts";

/** Projects in the palette: recent ones first, others by name. */
export function useProjectsPaletteSource(): void {
  const queryClient = useQueryClient();
  const navigate = useNavigate();
  usePaletteSource({
    id: "projects",
    heading: "Projects",
    kind: "things",
    search: async (query) => {
      const list = query
        ? await queryClient.ensureQueryData(projectsQuery({ q: query }))
        : await queryClient.ensureQueryData(recentProjectsQuery);
      return list.items.map((project) => ({
        id: `project.${project.id}`,
        title: project.name,
        hint: statusLookOf(project).word,
        icon: <Box size={14} />,
        run: () => void navigate({ to: "/p/$slug/{-$view}", params: { slug: project.slug } }),
      }));
    },
  });
}
