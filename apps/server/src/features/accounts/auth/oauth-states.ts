import { hashToken, type CryptoBox } from "../../../platform/crypto.ts";
import { badRequest } from "../../../platform/errors.ts";
import type { OauthState, OauthStore } from "./oauth.store.ts";

/** The AAD of an OAuth state. */
export const oauthStateAad = (flow: string, stateHash: string): string => `oauth state ${flow} ${stateHash}`;

export const oauthStateMs = 600_000;

/** Prefix of the OAuth state of git provider connections: sign-in and git may share one OAuth app and so one callback, which dispatches on it. */
export const gitConnectMark = "git.";

/** OAuth states: valid once, for ten minutes, in the browser that started the flow. */
export type OauthStates = ReturnType<typeof createOauthStates>;
export function createOauthStates({ store, box }: { store: OauthStore; box: CryptoBox }) {
  return {
    /** `flow` names the kind of flow and the provider; `browser` is the value of the browser's cookie. */
    keep: async (flow: string, state: string, browser: string, flowState: object): Promise<void> => {
      const state_hash = hashToken(state);
      await store.insertState({
        state_hash,
        provider: flow,
        browser_hash: hashToken(browser),
        encrypted_state: box.seal(JSON.stringify(flowState), oauthStateAad(flow, state_hash)),
        lifetimeMs: oauthStateMs,
      });
    },
    /**
     * Consumes a state. With `isOwner`, the owner may also return in another browser. Throws `invalid_state_token`, `state_token_expired`.
     */
    take: async <T>(flow: string, state: string, browser: string | undefined, isOwner?: (flowState: T) => boolean): Promise<T> => {
      const stateHash = hashToken(state);
      const opened = (encrypted: Uint8Array) => JSON.parse(box.open(encrypted, oauthStateAad(flow, stateHash))) as T;
      const mayTake = ({ browser_hash, encrypted_state }: OauthState) =>
        (browser !== undefined && browser_hash === hashToken(browser)) || isOwner?.(opened(encrypted_state)) === true;
      // Check before removing, so that a wrong browser does not consume the state; of several concurrent callers one gets it.
      const found = state === "" ? undefined : await store.findState(stateHash, flow);
      const isTaken = found !== undefined && mayTake(found) && (await store.removeState(stateHash));
      if (!isTaken) throw badRequest("This link is invalid or has already been used. Start again.", "invalid_state_token");
      if (found.isExpired) throw badRequest("This link has expired. Start again.", "state_token_expired");
      return opened(found.encrypted_state);
    },
  };
}
