import type { Authenticator } from "../../../http/context.ts";
import { AppError } from "../../../platform/errors.ts";
import type { Logger } from "../../../platform/logger.ts";
import type { Containers, PreviewAddress } from "../containers/index.ts";
import type { Projects } from "../../projects/projects/index.ts";
import type { PodAccessStore } from "./pod-access.store.ts";
import type { PreviewedContainer } from "./previews.service.ts";
import { labelOf } from "./request-target.ts";
import { isGuest, type Visitors } from "./visitors.ts";

/** A proxy's question: may the sender of this request open that host? */
export interface PodQuestion {
  bearer: string | undefined;
  cookie: string | undefined;
  cookies: string | undefined;
  host: string | undefined;
  project: string | undefined;
  uri: string | undefined;
  expected_user_id: string | undefined;
  ip: string;
  user_agent: string | undefined;
}
type Refusal = "not signed in" | "no target named" | "unknown host" | "not the owner" | "another user expected" | "error";

export type IdentifySender = ReturnType<typeof createIdentifySender>;
/** The user who sent a request. */
export const createIdentifySender =
  ({ authenticate, visitors }: { authenticate: Authenticator["authenticate"]; visitors: Pick<Visitors, "find"> }) =>
  async (
    { bearer, cookie, cookies }: Pick<PodQuestion, "bearer" | "cookie" | "cookies">,
    previewed: PreviewedContainer | undefined,
  ): Promise<string | undefined> => {
    const principal = await authenticate({ bearer, cookie });
    // Without other credentials, the preview's own cookie identifies the visitor.
    const visitor = principal || bearer !== undefined || !previewed ? undefined : await visitors.find(cookies, previewed);
    return principal?.id ?? (visitor && !isGuest(visitor) ? visitor.user_id : undefined);
  };

/**
 * Forward auth for proxies in front of previews: the signed-in user must own the project. Every decision is logged, including denials; a
 * decision that fails is a denial.
 */
export type PodAccess = ReturnType<typeof createPodAccess>;
export function createPodAccess({
  store,
  identify,
  containers,
  projects,
  address,
  log,
}: {
  store: PodAccessStore;
  identify: IdentifySender;
  containers: Pick<Containers, "findByHostLabel">;
  projects: Pick<Projects, "require">;
  address: PreviewAddress;
  log: Logger;
}) {
  const authorize = async (q: PodQuestion): Promise<{ user_id?: string; project_id?: string; refusal?: Refusal }> => {
    const label = labelOf(q.host, address.domain);
    const previewed = label === "" ? undefined : await containers.findByHostLabel(label);
    const facts = previewed && { project_id: previewed.project.id };
    const user_id = await identify(q, previewed);
    if (user_id === undefined) return { ...facts, refusal: "not signed in" };
    if (q.expected_user_id !== undefined && q.expected_user_id !== user_id) return { ...facts, user_id, refusal: "another user expected" };
    if (label !== "") {
      if (!previewed) return { user_id, refusal: "unknown host" };
      return { ...facts, user_id, ...(previewed.project.owner_id !== user_id && { refusal: "not the owner" }) };
    }
    if (q.project === undefined) return { user_id, refusal: "no target named" };
    try {
      return { user_id, project_id: (await projects.require(user_id, q.project)).id };
    } catch (error) {
      if (error instanceof AppError && error.code === "not_found") return { user_id, refusal: "not the owner" };
      throw error;
    }
  };
  return {
    /** The id of the allowed user; `undefined`: denied. */
    decide: async (question: PodQuestion): Promise<string | undefined> => {
      let outcome: Awaited<ReturnType<typeof authorize>>;
      try {
        outcome = await authorize(question);
      } catch (err) {
        log.warn({ err }, "preview access check failed");
        outcome = { refusal: "error" };
      }
      const { user_id, project_id, refusal } = outcome;
      const row = {
        user_id: user_id ?? null,
        project_id: project_id ?? null,
        expected_user_id: question.expected_user_id?.slice(0, 100) ?? null,
        success: refusal === undefined,
        // Without the query, which may hold tickets and tokens.
        request_uri: question.uri?.split(/[?#]/)[0]?.slice(0, 2000) ?? null,
        request_host: question.host?.slice(0, 300) ?? null,
        ip_address: question.ip,
        user_agent: question.user_agent?.slice(0, 400) ?? null,
        failure_reason: refusal ?? null,
      };
      try {
        await store.insert(row);
      } catch (err) {
        // Deny what cannot be logged.
        log.error({ err, project_id }, "preview access not logged");
        return undefined;
      }
      return refusal === undefined ? user_id : undefined;
    },
    jobHandlers: { prune_pod_access: async () => store.prune() },
  };
}
