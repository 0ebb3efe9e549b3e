import type Docker from "dockerode";
import { ignoreGone } from "./engine.ts";

/** Who an image's program runs as: never root. */
export interface ImageUser {
  uid: number;
  gid: number;
  /** The image's list of users with this one added: programs want to know who they are. Absent when the image knows it. */
  passwd?: string;
}

interface Options {
  docker: Docker;
  image: Docker.ImageInspectInfo;
  labels: Record<string, string>;
  /** Where volumes of the service lie. */
  volumePaths: readonly string[];
  /** For images that name nobody. */
  fallback: { uid: number; gid: number };
  /** Whatever the image says, it is the fallback: files of others would not be ours to give and take away. */
  isFallbackOnly: boolean;
}

/**
 * The image's own user when it has one. Database images start as root only to hand their data folder to a user of theirs;
 * that user is found by whom the folder in the image belongs to, and the program started as it at once.
 */
export async function findImageUser({ docker, image, labels, volumePaths, fallback, isFallbackOnly }: Options): Promise<ImageUser> {
  const { Config } = image;
  const [name = "", group] = Config.User.split(":");
  if (!isFallbackOnly && /^[1-9]\d*$/.test(name))
    return { uid: Number(name), gid: /^\d+$/.test(group ?? "") ? Number(group) : Number(name) };
  // Never started: only looked into.
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
    await container.remove({ force: true, v: true }).catch(ignoreGone);
  }
}

/** Of a tar archive, whose first entry is the thing itself. */
async function firstEntry(container: Docker.Container, path: string): Promise<{ uid: number; gid: number; content: Buffer } | undefined> {
  const archive = (await container.getArchive({ path }).catch(ignoreGone)) as (NodeJS.ReadableStream & { destroy(): void }) | undefined;
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
