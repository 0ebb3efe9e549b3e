import type Docker from "dockerode";
import type { Bind } from "../host/process-isolation.ts";
import { sourceOf, type OwnContainer } from "./own-container.ts";

/** Makes mounts in the engine's format. In a container, the engine finds their paths on its machine and in volumes. */
export const createMount =
  (own: OwnContainer | undefined) =>
  ({ from, to, isWritable }: Bind): Docker.MountSettings => ({
    ...(own ? sourceOf(from, own) : { Type: "bind" as const, Source: from }),
    Target: to,
    ReadOnly: !isWritable,
  });
export type Mount = ReturnType<typeof createMount>;
