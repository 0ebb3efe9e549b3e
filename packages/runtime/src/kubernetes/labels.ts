import { createHash, randomBytes } from "node:crypto";

export const manager = "tesslate-studio";
const domain = "studio.tesslate.com";

export const labels = {
  managedBy: "app.kubernetes.io/managed-by",
  /** `project` or `image`. */
  kind: `${domain}/kind`,
  /** Hash of the id: to find all workloads of an id. */
  id: `${domain}/id-hash`,
  /** On pods: the name of their workload. */
  workload: `${domain}/workload`,
  /** On pods: `internet` or `none`. The network policies select by it. */
  network: `${domain}/network`,
} as const;

export const annotations = {
  /** Id of the sandbox, or of the image. */
  id: `${domain}/id`,
  /** JSON: the sandbox's limits and names. */
  spec: `${domain}/spec`,
  /** When it was created, until it is certain that there is no other one of its id. */
  unclaimed: `${domain}/unclaimed`,
  /** The server that took over the sandbox last. */
  owner: `${domain}/owner`,
  /** When a server last kept another one from suspending it. */
  wanted: `${domain}/wanted`,
  /** Set when its tree is complete. */
  created: `${domain}/created`,
  /** JSON: the states of its services when it was suspended. */
  states: `${domain}/states`,
  /** Disk space when it was suspended. */
  diskBytes: `${domain}/disk-bytes`,
  /** It has points in time. */
  history: `${domain}/history`,
  /** It was removed; its points in time are kept. */
  removed: `${domain}/removed`,
  /** JSON: of a pod without a project, what a project must want to take it. Its id is empty. */
  warm: `${domain}/warm`,
  /** JSON of an image: `PreparedImage`. */
  image: `${domain}/image`,
  /** On pods: SHA-256 of the runner's token. */
  tokenHash: `${domain}/token-hash`,
  /** On the claim of a plain pod: `Running` or `Suspended`. */
  mode: `${domain}/mode`,
} as const;

export type WorkloadKind = "project" | "image";

export const hashOf = (id: string): string => createHash("sha256").update(id).digest("hex").slice(0, 32);

/** A new name each time: what was deleted may still exist for a while. Short enough for a label. */
export function newName(kind: WorkloadKind, id: string): string {
  const isReadable = id.length <= 40 && /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(id);
  const middle = isReadable ? id : createHash("sha256").update(id).digest("hex").slice(0, 24);
  return `${kind}-${middle}-${randomBytes(3).toString("hex")}`;
}
