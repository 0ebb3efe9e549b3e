import type { Principal } from "../../../http/context.ts";
import { hashToken, randomToken } from "../../../platform/crypto.ts";
import type { AuthStore } from "./auth.store.ts";
import type { LiveSession, Sessions } from "./sessions.ts";

const ticketMs = 60_000;
const ticketPurpose = "ws";

export type Tickets = ReturnType<typeof createTickets>;
/** Credentials that open one socket, once. */
export function createTickets({
  store,
  sessions,
}: {
  store: Pick<AuthStore, "insertToken" | "takeToken">;
  sessions: Pick<Sessions, "find">;
}) {
  return {
    issue: async (principal: Principal): Promise<{ ticket: string; expires_in: number }> => {
      const ticket = randomToken();
      await store.insertToken({
        token_hash: hashToken(ticket),
        purpose: ticketPurpose,
        user_id: principal.id,
        payload: { session_id: principal.session_id },
        lifetimeMs: ticketMs,
      });
      return { ticket, expires_in: ticketMs / 1000 };
    },
    /** The session of a ticket, which is invalid from then on. */
    redeem: async (ticket: string): Promise<LiveSession | undefined> => {
      const taken = await store.takeToken(hashToken(ticket), ticketPurpose);
      const session = taken && (await sessions.find(String(taken.payload["session_id"])));
      return session?.user.id === taken?.user_id ? session : undefined;
    },
  };
}
