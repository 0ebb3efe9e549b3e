import { isIP } from "node:net";
import type { Config } from "../../../config.ts";
import { AppError } from "../../../platform/errors.ts";

/** How long a challenge is valid. */
export const challengeMs = 300_000;
/** EdDSA, ECDSA P-256, RSA. */
export const algorithms = [-8, -7, -257];

/** The user handle that authenticators store. */
export const userHandleOf = (userId: string) => new Uint8Array(Buffer.from(userId.replaceAll("-", ""), "hex"));

export type PasskeySite = ReturnType<typeof createPasskeySite>;
/** The relying party: the app's host. Signatures for other origins, including previews, are rejected. */
export function createPasskeySite({ appBaseUrl, appHost }: Pick<Config["http"], "appBaseUrl" | "appHost">) {
  const { origin, protocol } = new URL(appBaseUrl);
  const isLocal = appHost === "localhost" || appHost.endsWith(".localhost");
  // Browsers support passkeys only in secure contexts and for host names.
  const isAvailable = (protocol === "https:" || isLocal) && isIP(appHost.replace(/^\[|\]$/g, "")) === 0;
  return {
    origin,
    id: appHost,
    isAvailable,
    /** Throws `not_configured`. */
    require: (): void => {
      if (!isAvailable) throw new AppError("not_configured", "Passkeys require HTTPS and a host name in APP_BASE_URL.");
    },
  };
}
