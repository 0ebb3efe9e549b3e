import { useQueryClient } from "@tanstack/react-query";
import { CircleQuestionMark } from "lucide-react";
import { usePaletteSource } from "../../ui/page/palette.ts";
import { findHelp, helpIndexQuery } from "./search-help.ts";

const resultLimit = 5;
const shortestQuery = 3;

/** The parts of help pages that a search of the palette names. The index is loaded when it is first needed. */
export function useHelpPaletteSource(): void {
  const queryClient = useQueryClient();
  usePaletteSource({
    id: "help",
    heading: "Help",
    kind: "things",
    icon: <CircleQuestionMark size={14} />,
    search: async (query) => {
      if (query.length < shortestQuery) return [];
      const index = await queryClient.ensureQueryData(helpIndexQuery);
      return findHelp(index, query, resultLimit).map(({ slug, anchor, title, page }) => ({
        id: `help.${slug}#${anchor}`,
        title,
        hint: title === page ? "" : page,
        icon: <CircleQuestionMark size={14} />,
        to: `/help/${slug}${anchor ? `#${anchor}` : ""}`,
      }));
    },
  });
}
