import type Docker from "dockerode";
import { ignoreMissing } from "./engine.ts";

/** The user of an image's program; never root. */
export interface ImageUser {
  uid: number;
  gid: number;
  /** The image's passwd file with this user added, so that programs find their name. Omitted when the image has the user. */
  passwd?: string;
}

interface Options {
  docker: Docker;
  image: Docker.ImageInspectInfo;
  labels: Record<string, string>;
  /** Mount points of the service's volumes. */
  volumePaths: readonly string[];
  /** For images without a user. */
  fallback: { uid: number; gid: number };
  /** Always use the fallback, because we cannot change the owner of files. */
  isFallbackOnly: boolean;
}

/**
 * The image's own user if it has one. Database images start as root only to change the owner of their data folder; the target user is
 * determined from the folder's owner in the image, and the program starts as that user.
 */
export async function findImageUser({ docker, image, labels, volumePaths, fallback, isFallbackOnly }: Options): Promise<ImageUser> {
  const { Config } = image;
  const [name = "", group] = Config.User.split(":");
  if (!isFallbackOnly && /^[1-9]\d*$/.test(name))
    return { uid: Number(name), gid: /^\d+$/.test(group ?? "") ? Number(group) : Number(name) };
  // Never started, only inspected.
  const container = await docker.createContainer({
    Image: image.Id,
    Entrypoint: ["none"],
    Labels: labels,
    HostConfig: { NetworkMode: "none" },
  });
  try {
    const passwd = (await firstEntry(container, "/etc/passwd"))?.content.toString() ?? "";
    if (!isFallbackOnly && name !== "" && name !== "root" && name !== "0") {
      const [, , uid, gid] =
        passwd
          .split("\n")
          .map((line) => line.split(":"))
          .find(([user]) => user === name) ?? [];
      if (uid !== undefined && Number(uid) > 0) return { uid: Number(uid), gid: Number(gid) };
    }
    for (const path of isFallbackOnly ? [] : [...volumePaths, ...Object.keys(Config.Volumes ?? {})]) {
      const folder = await firstEntry(container, path);
      if (folder && folder.uid > 0) return { uid: folder.uid, gid: folder.gid };
    }
    const isKnown = passwd.split("\n").some((line) => Number(line.split(":")[2] || -1) === fallback.uid);
    const list = passwd === "" || passwd.endsWith("\n") ? passwd : `${passwd}\n`;
    return { ...fallback, ...(!isKnown && { passwd: `${list}app:x:${fallback.uid}:${fallback.gid}::/tmp:/bin/sh\n` }) };
  } finally {
    await container.remove({ force: true, v: true }).catch(ignoreMissing);
  }
}

/** The first entry of a tar archive. */
async function firstEntry(container: Docker.Container, path: string): Promise<{ uid: number; gid: number; content: Buffer } | undefined> {
  const archive = (await container.getArchive({ path }).catch(ignoreMissing)) as (NodeJS.ReadableStream & { destroy(): void }) | undefined;
  if (!archive) return undefined;
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of archive) {
    chunks.push(chunk as Buffer);
    length += chunk.length;
    if (length > 1 << 20) break;
  }
  archive.destroy();
  const bytes = Buffer.concat(chunks);
  if (bytes.length < 512) return undefined;
  const octal = (from: number, to: number) => Number.parseInt(bytes.toString("latin1", from, to), 8) || 0;
  return { uid: octal(108, 116), gid: octal(116, 124), content: bytes.subarray(512, 512 + octal(124, 136)) };
}
