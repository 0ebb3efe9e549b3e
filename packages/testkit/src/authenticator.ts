import { createHash, generateKeyPairSync, randomBytes, sign, type KeyObject } from "node:crypto";

/** The parts of WebAuthn's options (as JSON) that an authenticator reads. */
interface CreationOptions {
  challenge: string;
  rp: { id?: string };
  user: { id: string };
  pubKeyCredParams: { alg: number }[];
  excludeCredentials?: { id: string }[];
}
interface RequestOptions {
  challenge: string;
  rpId?: string;
}

/** How a browser or an attacker deviates from the options. */
export interface Deviations {
  /** The page's origin, as the browser writes it down. */
  origin?: string;
  challenge?: string;
  rpId?: string;
  userHandle?: string;
  /** The user was not verified, only present. */
  isUnverified?: boolean;
  counter?: number;
  /** Signs with another key than the credential's. */
  isForged?: boolean;
  type?: string;
}

interface Held {
  id: string;
  rpId: string;
  userHandle: string;
  privateKey: KeyObject;
  counter: number;
}

/** A passkey authenticator in software, with the browser's part around it: discoverable credentials, ES256, no attestation. */
export interface Authenticator {
  /** `navigator.credentials.create`, as the JSON that goes to the server. */
  create(options: unknown, deviations?: Deviations): ReturnType<typeof asCredential>;
  /** `navigator.credentials.get` with the newest credential of that site, or with `credentialId`. */
  get(options: unknown, deviations?: Deviations & { credentialId?: string }): ReturnType<typeof asCredential>;
}

const base64url = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64url");
const sha256 = (data: string | Uint8Array) => createHash("sha256").update(data).digest();

/** CBOR (RFC 8949) of what WebAuthn needs: integers, strings, bytes, maps. */
function cbor(value: number | string | Uint8Array | Map<number | string, unknown>): Buffer {
  const head = (major: number, n: number): Buffer =>
    n < 24
      ? Buffer.from([(major << 5) | n])
      : n < 256
        ? Buffer.from([(major << 5) | 24, n])
        : Buffer.from([(major << 5) | 25, n >> 8, n & 255]);
  if (typeof value === "number") return value >= 0 ? head(0, value) : head(1, -1 - value);
  if (typeof value === "string") return Buffer.concat([head(3, Buffer.byteLength(value)), Buffer.from(value)]);
  if (value instanceof Map)
    return Buffer.concat([head(5, value.size), ...[...value].flatMap(([k, v]) => [cbor(k), cbor(v as Parameters<typeof cbor>[0])])]);
  return Buffer.concat([head(2, value.length), value]);
}

const asCredential = (id: string, response: Record<string, unknown>) => ({
  id,
  rawId: id,
  type: "public-key" as const,
  clientExtensionResults: {},
  authenticatorAttachment: "platform",
  response,
});

const flags = { present: 0x01, verified: 0x04, backupEligible: 0x08, backedUp: 0x10, hasCredential: 0x40 };

export function createAuthenticator(page: { origin: string }): Authenticator {
  const held: Held[] = [];
  const clientData = (type: string, challenge: string, { origin = page.origin, ...deviations }: Deviations) =>
    Buffer.from(
      JSON.stringify({ type: deviations.type ?? type, challenge: deviations.challenge ?? challenge, origin, crossOrigin: false }),
    );
  const dataOf = (rpId: string, { isUnverified, counter = 0 }: Deviations, more = Buffer.alloc(0)) => {
    const bits =
      flags.present |
      flags.backupEligible |
      flags.backedUp |
      (isUnverified ? 0 : flags.verified) |
      (more.length > 0 ? flags.hasCredential : 0);
    const count = Buffer.alloc(4);
    count.writeUInt32BE(counter);
    return Buffer.concat([sha256(rpId), Buffer.from([bits]), count, more]);
  };
  return {
    create: (options, deviations = {}) => {
      const { challenge, rp, user, pubKeyCredParams, excludeCredentials = [] } = options as CreationOptions;
      if (!pubKeyCredParams.some(({ alg }) => alg === -7)) throw new Error("ES256 is not among the requested algorithms");
      if (excludeCredentials.some(({ id }) => held.some((one) => one.id === id)))
        throw new Error("InvalidStateError: there is one already");
      const rpId = deviations.rpId ?? rp.id ?? new URL(page.origin).hostname;
      const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
      const { x = "", y = "" } = publicKey.export({ format: "jwk" });
      const id = randomBytes(32);
      const key = cbor(
        new Map<number, unknown>([
          [1, 2],
          [3, -7],
          [-1, 1],
          [-2, Buffer.from(x, "base64url")],
          [-3, Buffer.from(y, "base64url")],
        ]),
      );
      const data = dataOf(rpId, deviations, Buffer.concat([Buffer.alloc(16), Buffer.from([0, id.length]), id, key]));
      held.push({ id: base64url(id), rpId, userHandle: user.id, privateKey, counter: deviations.counter ?? 0 });
      return asCredential(base64url(id), {
        clientDataJSON: base64url(clientData("webauthn.create", challenge, deviations)),
        attestationObject: base64url(
          cbor(
            new Map<string, unknown>([
              ["fmt", "none"],
              ["attStmt", new Map()],
              ["authData", data],
            ]),
          ),
        ),
        transports: ["internal"],
        // Browsers add these for pages that do not parse the attestation.
        authenticatorData: base64url(data),
        publicKey: base64url(publicKey.export({ format: "der", type: "spki" })),
        publicKeyAlgorithm: -7,
      });
    },
    get: (options, { credentialId, ...deviations } = {}) => {
      const { challenge } = options as RequestOptions;
      const one = held.findLast(({ id }) => credentialId === undefined || id === credentialId);
      if (!one) throw new Error("NotAllowedError: no credential");
      const client = clientData("webauthn.get", challenge, deviations);
      const data = dataOf(deviations.rpId ?? one.rpId, deviations);
      const key = deviations.isForged ? generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey : one.privateKey;
      return asCredential(one.id, {
        clientDataJSON: base64url(client),
        authenticatorData: base64url(data),
        signature: base64url(sign("sha256", Buffer.concat([data, sha256(client)]), key)),
        userHandle: deviations.userHandle ?? one.userHandle,
      });
    },
  };
}
