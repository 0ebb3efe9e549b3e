import type { Contract } from "@tesslate/contract";
import { ApiError, type Client } from "@tesslate/client/core";
import { sentenceOf } from "../../lib/errors.ts";
import type { ReadFile, WriteFile } from "../editor/index.ts";

type Api = Client<Contract>;
const etagOf = (response: Response) => (response.headers.get("etag") ?? "").replace(/^W\//, "").replaceAll('"', "");

/** The notes as a file with an ETag; empty notes have version 0. */
export async function readNotes(api: Api, projectId: string): Promise<ReadFile> {
  let etag = "";
  const notes = await api.notes.get({ params: { id: projectId } }, { onResponse: (response) => (etag = etagOf(response)) });
  return { kind: "text", text: notes.content, etag };
}

export async function writeNotes(api: Api, projectId: string, text: string, etag: string | undefined): Promise<WriteFile> {
  let written = "";
  try {
    await api.notes.put(
      { params: { id: projectId }, body: { content: text } },
      { ...(etag !== undefined && { headers: { "if-match": `"${etag}"` } }), onResponse: (response) => (written = etagOf(response)) },
    );
    return { kind: "written", etag: written };
  } catch (error) {
    if (error instanceof ApiError && error.status === 412) return { kind: "changed", etag: error.details?.["etag"] as string | undefined };
    return { kind: "failed", message: sentenceOf(error) };
  }
}
