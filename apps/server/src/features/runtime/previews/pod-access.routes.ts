import { timingSafeEqual } from "node:crypto";
import { podAccessRoutes, type RouteInput } from "@tesslate/contract";
import { sessionCookie, type Context } from "../../../http/context.ts";
import type { Mount } from "../../../http/mount.ts";
import { unauthorized } from "../../../platform/errors.ts";
import type { PodAccess } from "./pod-access.ts";

/** `secret`: what the ingress must send, if configured. */
export function mountPodAccess(
  mount: Mount,
  {
    podAccess,
    secret,
    emailOf,
  }: { podAccess: PodAccess; secret: string | undefined; emailOf: (userId: string) => Promise<string | undefined> },
): void {
  const isIngress = (given: string) => {
    const [left, right] = [Buffer.from(given), Buffer.from(secret ?? "")];
    return left.length === right.length && timingSafeEqual(left, right);
  };
  const refuse = () => unauthorized("You do not have access to this preview.", "preview_access_denied");
  /** Response headers. Forwarded addresses are trusted only from an ingress that sent the secret. */
  const authorize = async (
    { headers, cookies, ip }: Context<unknown>,
    body: Partial<RouteInput<typeof podAccessRoutes.verify>["body"]>,
  ): Promise<Record<string, string>> => {
    const header = (name: string) => [headers[name]].flat()[0];
    if (secret !== undefined && !isIngress(header("x-ingress-secret") ?? "")) throw refuse();
    const userId = await podAccess.decide({
      bearer: body.token ?? /^Bearer\s+(\S+)\s*$/i.exec(headers.authorization ?? "")?.[1],
      cookie: cookies[sessionCookie],
      cookies: headers.cookie,
      host: body.host ?? header("x-forwarded-host") ?? headers.host,
      project: body.project_id ?? body.project_slug ?? undefined,
      uri: body.uri ?? header("x-original-uri") ?? header("x-forwarded-uri"),
      expected_user_id: header("x-expected-user-id"),
      ip: (secret === undefined ? undefined : header("x-forwarded-for")?.split(",")[0]?.trim()) || ip,
      user_agent: headers["user-agent"],
    });
    if (userId === undefined) throw refuse();
    return { "x-user-id": userId, "x-user-email": (await emailOf(userId)) ?? "", "cache-control": "no-store" };
  };
  mount("podAccess", podAccessRoutes, {
    verify: async (context, { body }, { reply }) => reply.headers(await authorize(context, body)).send(),
    verifyByGet: async (context, _, { reply }) => reply.headers(await authorize(context, {})).send(),
  });
}
