import { createHmac, timingSafeEqual } from "node:crypto";
import type { List, PreviewShare } from "@tesslate/contract";
import type { Bus } from "../../../platform/bus.ts";
import type { CryptoBox } from "../../../platform/crypto.ts";
import { badRequest, conflict, notFound } from "../../../platform/errors.ts";
import type { Logger } from "../../../platform/logger.ts";
import { pageOf, type PageQuery } from "../../../platform/pagination.ts";
import { isUuid } from "../../../platform/uuid.ts";
import { previewOrigin, containerUrl, type Containers, type PreviewAddress } from "../containers/index.ts";

import type { ContainerRow, PreviewShareRow } from "../../../db/schema/runtime.ts";
import type { Sessions } from "../../accounts/auth/index.ts";
import { canSignIn } from "../../accounts/users/index.ts";
import type { PreviewedContainer, Previews } from "./previews.service.ts";
import type { SharesStore } from "./shares.store.ts";

const maxOpenLinks = 50;
const keptVisits = 100;
const maxUserAgent = 400;
const channel = "preview_shares";
/** How long a link is remembered. Notifications end that at once. */
const rememberMs = 60_000;
const maxRemembered = 5_000;
/** The maximum delay of a Node timer. */
const maxTimerMs = 2 ** 31 - 1;

/** A valid share link. */
export interface OpenShare {
  id: string;
  /** The path the link opens. */
  path: string;
  expires_at_ms: number;
}

/** Validates share links for their visitors. */
export type ShareLinks = ReturnType<typeof createShareLinks>;

export function createShareLinks({
  store,
  box,
  address,
  bus,
  accounts,
  log,
}: {
  store: SharesStore;
  box: CryptoBox;
  address: PreviewAddress;
  bus: Bus;
  accounts: Pick<Sessions, "onUserChange">;
  log: Logger;
}) {
  const key = box.deriveKey("preview share link");
  const watched = new Map<string, { previewed: PreviewedContainer; ended: Set<() => void> }>();

  /** Signs everything the link grants, so that it cannot be changed to another container or expiry. */
  const sign = (share: Pick<PreviewShareRow, "id" | "container_id" | "expires_at">) =>
    createHmac("sha256", key)
      .update(`${share.id}.${share.container_id}.${Date.parse(share.expires_at)}`)
      .digest("base64url");

  /** Open links that were read a moment ago, with when they must be read again. */
  const remembered = new Map<string, { found: NonNullable<Awaited<ReturnType<SharesStore["findOpen"]>>>; until: number }>();
  /** Incremented by every invalidation: older reads must not be remembered. */
  let epoch = 0;
  const forget = () => {
    epoch += 1;
    remembered.clear();
  };
  const read = async (id: string) => {
    const since = epoch;
    const found = await store.findOpen(id);
    remembered.delete(id);
    if (found && since === epoch) {
      if (remembered.size >= maxRemembered) remembered.clear();
      remembered.set(id, { found, until: Math.min(Date.now() + rememberMs, Date.parse(found.share.expires_at)) });
    }
    return found;
  };
  const find = async (
    id: string,
    { container, project }: PreviewedContainer,
    { isFresh = true } = {},
  ): Promise<{ share: PreviewShareRow; open: OpenShare } | undefined> => {
    if (!isUuid(id)) return undefined;
    const known = isFresh || !bus.isConnected() ? undefined : remembered.get(id);
    const found = known && known.until > Date.now() ? known.found : await read(id);
    if (!found || found.share.container_id !== container.id || found.project_id !== project.id || !canSignIn(found.owner)) return undefined;
    return { share: found.share, open: { id, path: found.path, expires_at_ms: Date.parse(found.share.expires_at) } };
  };
  const recheck = async (id: string) => {
    const known = watched.get(id);
    if (!known) return;
    try {
      if (!(await find(id, known.previewed))) for (const ended of known.ended) ended();
    } catch (err) {
      log.warn({ err }, "share link check failed");
    }
  };
  const recheckAll = () => {
    forget();
    for (const id of watched.keys()) void recheck(id);
  };
  bus.listen(channel, recheckAll);
  bus.onReconnect(recheckAll);
  // The owner of a link may have been suspended.
  accounts.onUserChange(forget);

  return {
    urlOf: (share: PreviewShareRow, container: Pick<ContainerRow, "host_label">): string =>
      `${previewOrigin(address, container.host_label)}/__studio/share/${share.id}.${sign(share)}`,
    /**
     * The link of this token if it is genuine, valid and for this container. Altered, expired and withdrawn links are indistinguishable.
     */
    redeem: async (token: string, previewed: PreviewedContainer): Promise<OpenShare | undefined> => {
      const [id = "", mark = ""] = token.split(".");
      const found = await find(id, previewed);
      if (!found) return undefined;
      const wanted = Buffer.from(sign(found.share));
      const given = Buffer.from(mark);
      return given.length === wanted.length && timingSafeEqual(given, wanted) ? found.open : undefined;
    },
    find: async (id: string, previewed: PreviewedContainer): Promise<OpenShare | undefined> =>
      (await find(id, previewed, { isFresh: false }))?.open,
    note: (shareId: string, { ip, user_agent }: { ip: string; user_agent: string | undefined }): Promise<void> =>
      store.addVisit({ share_id: shareId, ip, user_agent: user_agent?.slice(0, maxUserAgent) ?? null }, keptVisits),
    /** Calls `ended` when the link is withdrawn or expires. Returns the unsubscribe function. */
    watch: (id: string, previewed: PreviewedContainer, expiresAtMs: number, ended: () => void): (() => void) => {
      const known = watched.get(id) ?? { previewed, ended: new Set() };
      watched.set(id, known);
      known.ended.add(ended);
      const timer = setTimeout(() => void recheck(id), Math.min(Math.max(expiresAtMs - Date.now(), 0) + 50, maxTimerMs));
      timer.unref();
      return () => {
        clearTimeout(timer);
        known.ended.delete(ended);
        if (known.ended.size === 0 && watched.get(id) === known) watched.delete(id);
      };
    },
    /** Links were deleted: every process checks their visitors. */
    ended: (): Promise<void> => {
      forget();
      return bus.notify(channel, {});
    },
  };
}

/** Share links as their owner manages them. */
export type Shares = ReturnType<typeof createShares>;

export function createShares({
  store,
  previews,
  containers,
  links,
  address,
}: {
  store: SharesStore;
  previews: Pick<Previews, "require">;
  containers: Pick<Containers, "find">;
  links: ShareLinks;
  address: PreviewAddress;
}) {
  const require = async (userId: string, ref: string, previewId: string) => {
    const { project, row } = await previews.require(userId, ref, previewId);
    const container = row.connected_container_id === null ? undefined : await containers.find(project.id, row.connected_container_id);
    return { row, container };
  };
  return {
    create: async (userId: string, ref: string, previewId: string, body: { expires_in: number; label?: string | null }) => {
      const { row, container } = await require(userId, ref, previewId);
      if (!container || containerUrl(container, address) === null)
        throw badRequest("This preview has no container with a page. Connect it to one first.");
      const label = body.label?.trim() || null;
      const share = await store.insertWithin(maxOpenLinks, { preview_id: row.id, container_id: container.id, label }, body.expires_in);
      if (!share) throw conflict("conflict", `A preview is limited to ${maxOpenLinks} active links. Revoke one first.`);
      return { id: share.id, url: links.urlOf(share, container), label: share.label, expires_at: share.expires_at };
    },
    list: async (userId: string, ref: string, previewId: string, query: PageQuery): Promise<List<PreviewShare>> => {
      const { row, container } = await require(userId, ref, previewId);
      const page = pageOf(query);
      if (!container) return page.envelope([], 0);
      const { rows, total } = await store.list(row.id, page);
      const visits = Map.groupBy(await store.visitsOf(rows.map(({ id }) => id)), ({ share_id }) => share_id);
      return page.envelope(
        rows.map((share) => ({
          id: share.id,
          url: links.urlOf(share, container),
          label: share.label,
          expires_at: share.expires_at,
          created_at: share.created_at,
          visit_count: share.visit_count,
          last_visited_at: share.last_visited_at,
          visits: (visits.get(share.id) ?? []).map(({ visited_at, ip, user_agent }) => ({ visited_at, ip, user_agent })),
        })),
        total,
      );
    },
    remove: async (userId: string, ref: string, previewId: string, id: string): Promise<void> => {
      const { row } = await previews.require(userId, ref, previewId);
      if (!(await store.remove(row.id, id))) throw notFound("Share link");
      await links.ended();
    },
  };
}
