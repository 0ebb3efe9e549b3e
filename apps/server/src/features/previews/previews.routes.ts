import { previewsRoutes } from "@tesslate/contract";
import type { Mount } from "../../http/mount.ts";
import { badRequest, invalid, notFound } from "../../platform/errors.ts";
import type { Containers } from "../containers/index.ts";
import type { Projects } from "../projects/index.ts";
import { ticketSeconds, type Visitors } from "./visitors.ts";

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Contract README rule 12. */
export function mountPreviews(
  mount: Mount,
  { projects, containers, visitors }: { projects: Projects; containers: Containers; visitors: Visitors },
): void {
  mount("previews", previewsRoutes, {
    ticket: async ({ user }, { params, body }) => {
      // The body may be absent, so the mount does not validate it.
      const { container_id: wanted, path = "/" } = body ?? {};
      if (wanted !== undefined && wanted !== null && !uuid.test(String(wanted)))
        throw invalid(["body", "container_id"], 'must match format "uuid"', "format");
      if (typeof path !== "string" || !path.startsWith("/") || path.length > 2000)
        throw invalid(["body", "path"], "must be a path that begins with /", "pattern");
      const project = await projects.require(user.id, params.id);
      const shown = (await containers.listAll(project.id)).filter((c) => c.container_type === "base" && c.deployment_mode === "container");
      const container = wanted ? shown.find((c) => c.id === wanted) : (shown.find((c) => c.status === "running") ?? shown[0]);
      if (!container) throw wanted ? notFound("Container") : badRequest("This project has no container to show.", "no_containers");
      const url = await visitors.issueTicket({ user_id: user.id, session_id: user.session_id ?? null }, { container, project }, path);
      return { url, expires_in: ticketSeconds };
    },
  });
}
