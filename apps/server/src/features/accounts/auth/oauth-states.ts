import { hashToken, type CryptoBox } from "../../../platform/crypto.ts";
import { badRequest } from "../../../platform/errors.ts";
import type { OauthState, OauthStore } from "./oauth.store.ts";

/** What a flow under way is bound to. */
export const oauthStateAad = (flow: string, stateHash: string): string => `oauth state ${flow} ${stateHash}`;

export const oauthStateMs = 600_000;

/** How the state of a connection to a git provider begins. Where signing in shares its app, the browser comes back to the one and is passed on to the other. */
export const gitConnectMark = "git.";

/** Flows under way at other sites: each has a state that serves once, for ten minutes, in the browser that asked for it. */
export type OauthStates = ReturnType<typeof createOauthStates>;
export function createOauthStates({ store, box }: { store: OauthStore; box: CryptoBox }) {
  return {
    /** `flow`: what is under way, and where; `browser`: what that browser has as a cookie. */
    keep: async (flow: string, state: string, browser: string, begun: object): Promise<void> => {
      const state_hash = hashToken(state);
      await store.insertState({
        state_hash,
        provider: flow,
        browser_hash: hashToken(browser),
        sealed: box.seal(JSON.stringify(begun), oauthStateAad(flow, state_hash)),
        lifetimeMs: oauthStateMs,
      });
    },
    /**
     * What was kept, once. `isOwner`: whom it names as the owner may come back in another browser as well; without it only the browser that asked.
     * Throws `invalid_state_token`, `state_token_expired`.
     */
    take: async <T>(flow: string, state: string, browser: string | undefined, isOwner?: (begun: T) => boolean): Promise<T> => {
      const stateHash = hashToken(state);
      const opened = (sealed: Uint8Array) => JSON.parse(box.open(sealed, oauthStateAad(flow, stateHash))) as T;
      const mayTake = ({ browser_hash, sealed }: OauthState) =>
        (browser !== undefined && browser_hash === hashToken(browser)) || isOwner?.(opened(sealed)) === true;
      // Looked at first, so that somebody else's stays where it is; of several who may, one gets it.
      const found = state === "" ? undefined : await store.findState(stateHash, flow);
      const isTaken = found !== undefined && mayTake(found) && (await store.removeState(stateHash));
      if (!isTaken) throw badRequest("This was not begun in this browser, or is used up. Begin again.", "invalid_state_token");
      if (found.isExpired) throw badRequest("This took too long. Begin again.", "state_token_expired");
      return opened(found.sealed);
    },
  };
}
