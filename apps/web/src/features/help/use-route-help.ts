import { useMatches } from "@tanstack/react-router";
import { isView } from "../../project/views.ts";
import { routeHelp, viewHelp } from "./route-help.ts";

/** The help of the page that is open, below `/help/`. */
export function useRouteHelp(): string | undefined {
  return useMatches({
    select: (matches) => {
      const last = matches.at(-1);
      if (!last) return undefined;
      const view = (last.params as { view?: string }).view;
      if (last.fullPath === "/p/$slug/{-$view}" && isView(view)) return viewHelp[view];
      return routeHelp[last.fullPath as keyof typeof routeHelp];
    },
  });
}
