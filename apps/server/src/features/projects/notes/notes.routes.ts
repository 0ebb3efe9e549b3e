import { notesRoutes } from "@tesslate/contract";
import type { Mount } from "../../../http/mount.ts";
import type { NotesService } from "./notes.service.ts";

/** The entity tag of an `If-Match` header. */
const versionOf = (header: string | undefined) => {
  const tag = header
    ?.trim()
    .replace(/^W\//, "")
    .replace(/^"(.*)"$/, "$1");
  return tag === "*" ? undefined : tag;
};

export function mountNotes(mount: Mount, { notes }: { notes: NotesService }): void {
  mount("notes", notesRoutes, {
    get: async (context, { params }) => {
      const { notes: found, etag } = await notes.get(context.user.id, params.id);
      context.setHeader("etag", `"${etag}"`);
      return found;
    },
    put: async (context, { params, body }) => {
      const written = await notes.put(context.user.id, params.id, body.content, versionOf(context.headers["if-match"]));
      context.status(written.isNew ? 201 : 200);
      context.setHeader("etag", `"${written.etag}"`);
      return written.notes;
    },
  });
}
