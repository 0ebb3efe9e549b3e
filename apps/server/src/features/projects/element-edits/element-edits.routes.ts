import { elementEditsRoutes } from "@tesslate/contract";
import type { Mount } from "../../../http/mount.ts";
import type { ElementEdits } from "./element-edits.service.ts";

export function mountElementEdits(mount: Mount, { elementEdits }: { elementEdits: ElementEdits }): void {
  mount("elementEdits", elementEditsRoutes, {
    inspect: ({ user }, { params, body }) => elementEdits.inspect(user.id, params.id, body.element),
    create: ({ user }, { params, body }) => elementEdits.create(user.id, params.id, body),
    undo: ({ user }, { params }) => elementEdits.undo(user.id, params.id, params.edit_id),
  });
}
