import { createHmac, timingSafeEqual } from "node:crypto";
import { hashToken, randomToken, type CryptoBox } from "../../platform/crypto.ts";
import { previewOrigin, type PreviewAddress } from "../containers/index.ts";
import type { ContainerRow } from "../containers/containers.table.ts";
import type { ProjectRow } from "../projects/projects.table.ts";
import { cookieValues, previewCookie } from "./headers.ts";

/** One-use secrets, stored hashed. */
export interface Tickets {
  insertToken(values: {
    token_hash: string;
    purpose: string;
    user_id: string;
    payload: Record<string, unknown>;
    lifetimeMs: number;
  }): Promise<void>;
  takeToken(tokenHash: string, purpose: string): Promise<{ user_id: string; payload: Record<string, unknown> } | undefined>;
}
/** Sign-ins that may have ended meanwhile. */
export interface Sessions {
  find(id: string): Promise<{ user: { id: string } } | undefined>;
  /** Calls `ended` when the session is over. Returns the unsubscribe function. */
  watch(id: string, userId: string, ended: () => void): () => void;
}
/** Somebody who may see a preview. */
export interface Visitor {
  user_id: string;
  session_id: string | null;
}
export interface Place {
  container: ContainerRow;
  project: ProjectRow;
}

export const ticketSeconds = 30;
const cookieMs = 12 * 3_600_000;
const purpose = "preview_entry";

/** Who may see a preview (contract README rule 12): a single-use ticket is exchanged for a signed, host-only cookie. */
export type Visitors = ReturnType<typeof createVisitors>;

export function createVisitors({
  tickets,
  sessions,
  box,
  address,
}: {
  tickets: Tickets;
  sessions: Sessions;
  box: CryptoBox;
  address: PreviewAddress;
}) {
  const key = box.deriveKey("preview cookie");
  const sign = (text: string) => createHmac("sha256", key).update(text).digest("base64url");
  /** Chromium and Firefox accept Secure cookies on http://*.localhost; on another http name they would be dropped. */
  const isSecureContext = address.scheme === "https" || address.domain === "localhost" || address.domain.endsWith(".localhost");

  const isLiving = async ({ user_id, session_id }: Visitor) =>
    session_id === null || (await sessions.find(session_id))?.user.id === user_id;
  const read = (value: string, containerId: string): Visitor | undefined => {
    const [text = "", mark = ""] = value.split(".");
    const wanted = Buffer.from(sign(text));
    const given = Buffer.from(mark);
    if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) return undefined;
    const { container_id, user_id, sid, exp } = JSON.parse(Buffer.from(text, "base64url").toString("utf8")) as {
      container_id: string;
      user_id: string;
      sid: string | null;
      exp: number;
    };
    return container_id === containerId && exp > Date.now() ? { user_id, session_id: sid } : undefined;
  };

  return {
    /** The address that lets its bearer in once, within 30 s. */
    issueTicket: async (visitor: Visitor, { container }: Place, path: string): Promise<string> => {
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
    /** Consumes a ticket. The `Set-Cookie` line for its container's host, or `undefined` when it is used, expired or another host's. */
    redeem: async (ticket: string, { container, project }: Place): Promise<string | undefined> => {
      const taken = await tickets.takeToken(hashToken(ticket), purpose);
      if (!taken || taken.payload["container_id"] !== container.id || taken.user_id !== project.owner_id) return undefined;
      const session_id = typeof taken.payload["session_id"] === "string" ? taken.payload["session_id"] : null;
      if (!(await isLiving({ user_id: taken.user_id, session_id }))) return undefined;
      const text = Buffer.from(
        JSON.stringify({ container_id: container.id, user_id: taken.user_id, sid: session_id, exp: Date.now() + cookieMs }),
      ).toString("base64url");
      const flags = isSecureContext ? "; SameSite=None; Secure; Partitioned" : "; SameSite=Lax";
      return `${previewCookie}=${text}.${sign(text)}; Path=/; HttpOnly; Max-Age=${cookieMs / 1000}${flags}`;
    },
    /** Who sent these cookies, if they may see this place now: the sign-in is still open and the project still theirs. */
    find: async (cookieHeader: string | undefined, { container, project }: Place): Promise<Visitor | undefined> => {
      for (const value of cookieValues(cookieHeader, previewCookie)) {
        const visitor = read(value, container.id);
        if (visitor && visitor.user_id === project.owner_id && (await isLiving(visitor))) return visitor;
      }
      return undefined;
    },
    watch: (visitor: Visitor, ended: () => void): (() => void) =>
      visitor.session_id === null ? () => {} : sessions.watch(visitor.session_id, visitor.user_id, ended),
  };
}
