import type { Contract, File } from "@tesslate/contract";
import { ApiError, urlOf, type Client } from "@tesslate/client/core";
import { sentenceOf } from "../../lib/errors.ts";
import type { ReadFile, WriteFile } from "./buffers.ts";

type Api = Client<Contract>;

/** Longer texts make the editor slow; they are shown as too large. */
const longestText = 4 * 1024 * 1024;
export async function readFile(api: Api, projectId: string, path: string): Promise<ReadFile> {
  try {
    const file = (await api.files.get({ params: { id: projectId, path } })) as File;
    if (file.is_binary || file.encoding === "base64") return { kind: "binary", size: file.size, etag: file.etag };
    if (file.content === null || file.size > longestText) return { kind: "too_large" };
    return { kind: "text", text: file.content, etag: file.etag };
  } catch (error) {
    if (error instanceof ApiError && error.code === "not_found") return { kind: "gone" };
    if (error instanceof ApiError && error.code === "payload_too_large") return { kind: "too_large" };
    throw new Error(sentenceOf(error), { cause: error });
  }
}

export async function writeFile(api: Api, projectId: string, path: string, text: string, etag: string | undefined): Promise<WriteFile> {
  try {
    const file = await api.files.put(
      { params: { id: projectId, path }, body: { content: text } },
      { headers: etag === undefined ? { "if-none-match": "*" } : { "if-match": `"${etag}"` } },
    );
    return { kind: "written", etag: file.etag };
  } catch (error) {
    if (error instanceof ApiError && error.status === 412) return { kind: "changed", etag: error.details?.["etag"] as string | undefined };
    return { kind: "failed", message: sentenceOf(error) };
  }
}

/** The URL of a file's bytes, for downloads. */
export const rawUrlOf = (projectId: string, path: string): string =>
  urlOf("/api/projects/{id}/files/{path}", { params: { id: projectId, path }, query: { raw: true } });

/** All bytes of a file. */
export async function readBytes(api: Api, projectId: string, path: string, signal: AbortSignal): Promise<ArrayBuffer> {
  const response = (await api.files.get({ params: { id: projectId, path }, query: { raw: true } }, { signal })) as unknown as Response;
  return response.arrayBuffer();
}
