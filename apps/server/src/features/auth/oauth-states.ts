import { hashToken, type CryptoBox } from "../../platform/crypto.ts";
import { badRequest } from "../../platform/errors.ts";
import type { OauthStore } from "./oauth.store.ts";

/** What a flow under way is bound to. */
export const oauthStatePlace = (flow: string, stateHash: string): string => `oauth state ${flow} ${stateHash}`;

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
        sealed: box.seal(JSON.stringify(begun), oauthStatePlace(flow, state_hash)),
        lifetimeMs: oauthStateMs,
      });
    },
    /** What was kept. Throws `invalid_state_token`, `state_token_expired`. */
    take: async <T>(flow: string, state: string, browser: string | undefined): Promise<T> => {
      const stateHash = hashToken(state);
      const taken = state && browser ? await store.takeState(stateHash, flow, hashToken(browser)) : undefined;
      if (!taken) throw badRequest("This was not begun in this browser, or is used up. Begin again.", "invalid_state_token");
      if (taken.isExpired) throw badRequest("This took too long. Begin again.", "state_token_expired");
      return JSON.parse(box.open(taken.sealed, oauthStatePlace(flow, stateHash))) as T;
    },
  };
}
