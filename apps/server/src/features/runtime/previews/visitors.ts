import { createHmac, timingSafeEqual } from "node:crypto";
import { hashToken, randomToken, type CryptoBox } from "../../../platform/crypto.ts";
import { previewOrigin, type PreviewAddress } from "../containers/index.ts";
import { cookieValues, previewCookie } from "./headers.ts";
import type { PreviewedContainer } from "./previews.service.ts";
import type { ShareLinks } from "./shares.service.ts";

/** Single-use secrets, stored hashed. */
export interface PreviewTickets {
  insertToken(values: {
    token_hash: string;
    purpose: string;
    user_id: string;
    payload: Record<string, unknown>;
    lifetimeMs: number;
  }): Promise<void>;
  takeToken(tokenHash: string, purpose: string): Promise<{ user_id: string; payload: Record<string, unknown> } | undefined>;
}
/** Checks sign-in sessions. */
export interface SessionChecks {
  find(id: string): Promise<{ user: { id: string } } | undefined>;
  /** Whether this account is active; used where there is no session, as with an API key. */
  mayAct(userId: string): Promise<boolean>;
  /** Calls `ended` when the session ends. Returns the unsubscribe function. */
  watch(id: string, userId: string, ended: () => void): () => void;
  /** Calls `recheck` when something about this user may have changed. Returns the unsubscribe function. */
  watchUser(userId: string, recheck: () => void): () => void;
}
/** The owner of a preview, through a session that may end. */
export interface PreviewOwner {
  user_id: string;
  session_id: string | null;
}
/** A visitor with a share link: may use the app and nothing else. */
export interface Guest {
  share_id: string;
  expires_at_ms: number;
}
/** Has access to a preview. */
export type Visitor = PreviewOwner | Guest;
export const isGuest = (visitor: Visitor): visitor is Guest => "share_id" in visitor;

export const ticketSeconds = 30;
const cookieMs = 12 * 3_600_000;
const purpose = "preview_entry";

/** Chromium and Firefox accept Secure cookies on http://*.localhost; on another http name they would be dropped. */
export const isSecureContext = ({ scheme, domain }: Pick<PreviewAddress, "scheme" | "domain">): boolean =>
  scheme === "https" || domain === "localhost" || domain.endsWith(".localhost");

/** Access to previews: a single-use ticket or a share link is exchanged for a signed, host-only cookie. */
export type Visitors = ReturnType<typeof createVisitors>;

export function createVisitors({
  tickets,
  sessions,
  shares,
  box,
  address,
}: {
  tickets: PreviewTickets;
  sessions: SessionChecks;
  shares: Pick<ShareLinks, "redeem" | "find" | "note" | "watch">;
  box: CryptoBox;
  address: PreviewAddress;
}) {
  const key = box.deriveKey("preview cookie");
  const sign = (text: string) => createHmac("sha256", key).update(text).digest("base64url");

  const isLiving = ({ user_id, session_id }: PreviewOwner): Promise<boolean> =>
    session_id === null ? sessions.mayAct(user_id) : sessions.find(session_id).then((found) => found?.user.id === user_id);
  /** Cookie content. Whether it still grants access is checked separately. */
  type Pass = { container_id: string; exp: number } & ({ user_id: string; sid: string | null } | { share_id: string });
  const read = (value: string, containerId: string): Pass | undefined => {
    const [text = "", mark = ""] = value.split(".");
    const wanted = Buffer.from(sign(text));
    const given = Buffer.from(mark);
    if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) return undefined;
    const pass = JSON.parse(Buffer.from(text, "base64url").toString("utf8")) as Pass;
    return pass.container_id === containerId && pass.exp > Date.now() ? pass : undefined;
  };
  const cookieOf = (pass: Pass): string => {
    const text = Buffer.from(JSON.stringify(pass)).toString("base64url");
    const flags = isSecureContext(address) ? "; SameSite=None; Secure; Partitioned" : "; SameSite=Lax";
    const seconds = Math.max(1, Math.floor((pass.exp - Date.now()) / 1000 + 0.5));
    return `${previewCookie}=${text}.${sign(text)}; Path=/; HttpOnly; Max-Age=${seconds}${flags}`;
  };
  /** The visitor of these cookies if they still have access: the session or link is valid and the project still theirs. */
  const find = async (cookieHeader: string | undefined, previewed: PreviewedContainer): Promise<Visitor | undefined> => {
    for (const value of cookieValues(cookieHeader, previewCookie)) {
      const pass = read(value, previewed.container.id);
      if (!pass) continue;
      if ("share_id" in pass) {
        const link = await shares.find(pass.share_id, previewed);
        if (link) return { share_id: link.id, expires_at_ms: link.expires_at_ms };
      } else {
        const owner = { user_id: pass.user_id, session_id: pass.sid };
        if (owner.user_id === previewed.project.owner_id && (await isLiving(owner))) return owner;
      }
    }
    return undefined;
  };

  return {
    /** A URL that admits its bearer once, within 30 s. */
    issueTicket: async (visitor: PreviewOwner, { container }: PreviewedContainer, path: string): Promise<string> => {
      const ticket = randomToken();
      await tickets.insertToken({
        token_hash: hashToken(ticket),
        purpose,
        user_id: visitor.user_id,
        payload: { container_id: container.id, session_id: visitor.session_id },
        lifetimeMs: ticketSeconds * 1000,
      });
      return `${previewOrigin(address, container.host_label)}/__studio/enter?ticket=${ticket}&path=${encodeURIComponent(path)}`;
    },
    /**
     * Consumes a ticket. Returns the `Set-Cookie` line for its container's host, or `undefined` when it is used, expired or for another
     * host.
     */
    redeem: async (ticket: string, { container, project }: PreviewedContainer): Promise<string | undefined> => {
      const taken = await tickets.takeToken(hashToken(ticket), purpose);
      if (!taken || taken.payload["container_id"] !== container.id || taken.user_id !== project.owner_id) return undefined;
      const session_id = typeof taken.payload["session_id"] === "string" ? taken.payload["session_id"] : null;
      if (!(await isLiving({ user_id: taken.user_id, session_id }))) return undefined;
      return cookieOf({ container_id: container.id, user_id: taken.user_id, sid: session_id, exp: Date.now() + cookieMs });
    },
    /**
     * Opens a share link and records the visit: returns its path and a cookie; no cookie for a visitor who is already in as owner.
     * `undefined` when the link is invalid, expired, withdrawn or for another host.
     */
    redeemShare: async (
      token: string,
      previewed: PreviewedContainer,
      from: { ip: string; user_agent: string | undefined; cookies: string | undefined },
    ): Promise<{ path: string; cookie: string | undefined } | undefined> => {
      const link = await shares.redeem(token, previewed);
      if (!link) return undefined;
      await shares.note(link.id, from);
      const known = await find(from.cookies, previewed);
      const isOwner = known !== undefined && !isGuest(known);
      return {
        path: link.path,
        cookie: isOwner ? undefined : cookieOf({ container_id: previewed.container.id, share_id: link.id, exp: link.expires_at_ms }),
      };
    },
    find,
    /** A Cookie header for the platform's own visits on behalf of the owner, valid for that long. */
    passFor: ({ container, project }: PreviewedContainer, lifetimeMs: number): string =>
      cookieOf({ container_id: container.id, user_id: project.owner_id, sid: null, exp: Date.now() + lifetimeMs }).split(";")[0] ?? "",
    /** Calls `ended` when access is revoked while something is open. Returns the unsubscribe function. */
    watch: (visitor: Visitor, previewed: PreviewedContainer, ended: () => void): (() => void) => {
      if (isGuest(visitor)) return shares.watch(visitor.share_id, previewed, visitor.expires_at_ms, ended);
      const { session_id, user_id } = visitor;
      if (session_id !== null) return sessions.watch(session_id, user_id, ended);
      // Deny when the check fails, as on entry.
      return sessions.watchUser(user_id, () => void sessions.mayAct(user_id).then((may) => (may ? undefined : ended()), ended));
    },
  };
}
