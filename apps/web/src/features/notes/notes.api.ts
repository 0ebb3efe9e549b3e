import type { ErrorBody, Notes } from "@tesslate/contract";
import { ApiError, urlOf } from "@tesslate/client/core";
import { sentenceOf } from "../../lib/errors.ts";
import type { ReadFile, WriteFile } from "../editor/index.ts";

type Fetch = (url: string, init: RequestInit) => Promise<Response>;
const address = (projectId: string) => urlOf("/api/projects/{id}/notes", { params: { id: projectId } });
const etagOf = (response: Response) => (response.headers.get("etag") ?? "").replace(/^W\//, "").replaceAll('"', "");
const errorOf = async (response: Response) =>
  new ApiError(response.status, (await response.json().catch(() => undefined)) as ErrorBody | undefined, response.headers);

/** The notes as a file with an ETag; empty notes have version 0. */
export async function readNotes(fetch: Fetch, projectId: string): Promise<ReadFile> {
  const response = await fetch(address(projectId), { method: "GET", cache: "no-store", headers: { accept: "application/json" } });
  if (!response.ok) throw new Error(sentenceOf(await errorOf(response)));
  return { kind: "text", text: ((await response.json()) as Notes).content, etag: etagOf(response) };
}

export async function writeNotes(fetch: Fetch, projectId: string, text: string, etag: string | undefined): Promise<WriteFile> {
  try {
    const response = await fetch(address(projectId), {
      method: "PUT",
      headers: { "content-type": "application/json", accept: "application/json", ...(etag !== undefined && { "if-match": `"${etag}"` }) },
      body: JSON.stringify({ content: text }),
    });
    if (response.ok) return { kind: "written", etag: etagOf(response) };
    const error = await errorOf(response);
    return error.status === 412
      ? { kind: "changed", etag: error.details?.["etag"] as string | undefined }
      : { kind: "failed", message: sentenceOf(error) };
  } catch {
    return { kind: "failed", message: "The server didn't respond." };
  }
}
