import { previewsRoutes } from "@tesslate/contract";
import type { Mount } from "../../../http/mount.ts";
import { badRequest, invalid, notFound } from "../../../platform/errors.ts";
import { isUuid } from "../../../platform/uuid.ts";
import { containerUrl, type Containers, type PreviewAddress } from "../containers/index.ts";
import type { Projects } from "../../projects/projects/index.ts";
import type { Previews } from "./previews.service.ts";
import type { Shares } from "./shares.service.ts";
import { ticketSeconds, type Visitors } from "./visitors.ts";

export function mountPreviews(
  mount: Mount,
  {
    projects,
    containers,
    previews,
    shares,
    visitors,
    address,
  }: { projects: Projects; containers: Containers; previews: Previews; shares: Shares; visitors: Visitors; address: PreviewAddress },
): void {
  mount("previews", previewsRoutes, {
    list: ({ user }, { params, query }) => previews.list(user.id, params.id, query),
    create: ({ user }, { params, body }) => previews.create(user.id, params.id, body),
    update: ({ user }, { params, body }) => previews.update(user.id, params.id, params.preview_id, body),
    remove: ({ user }, { params }) => previews.remove(user.id, params.id, params.preview_id),
    positions: ({ user }, { params, body }) => previews.savePositions(user.id, params.id, body),
    share: ({ user }, { params, body }) => shares.create(user.id, params.id, params.preview_id, body),
    shares: ({ user }, { params, query }) => shares.list(user.id, params.id, params.preview_id, query),
    unshare: ({ user }, { params }) => shares.remove(user.id, params.id, params.preview_id, params.share_id),
    ticket: async ({ user }, { params, body }) => {
      // The body is optional, so the mount does not validate it.
      const { container_id: wanted, path = "/" } = body ?? {};
      if (wanted !== undefined && wanted !== null && !isUuid(wanted))
        throw invalid(["body", "container_id"], 'must match format "uuid"', "format");
      if (typeof path !== "string" || !path.startsWith("/") || path.length > 2000)
        throw invalid(["body", "path"], "must be a path that begins with /", "pattern");
      const project = await projects.require(user.id, params.id);
      const shown = (await containers.listAll(project.id)).filter(
        (c) => c.deployment_mode === "container" && containerUrl(c, address) !== null,
      );
      const container = wanted ? shown.find((c) => c.id === wanted) : (shown.find((c) => c.status === "running") ?? shown[0]);
      if (!container) throw wanted ? notFound("Container") : badRequest("This project has no container with a preview.", "no_containers");
      const url = await visitors.issueTicket({ user_id: user.id, session_id: user.session_id ?? null }, { container, project }, path);
      return { url, expires_in: ticketSeconds };
    },
  });
}
