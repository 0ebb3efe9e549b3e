import { adminPreparationRoutes, preparationRoutes, type AuditActionType } from "@tesslate/contract";
import type { Mount } from "../../../http/mount.ts";
import { actorOf, type Actor, type Audit } from "../../accounts/audit/index.ts";
import type { Preparation } from "../../core/preparation/index.ts";

/** What the server prepares after its start: for everyone as progress, for administrators with the choice. */
export function mountPreparation(mount: Mount, { preparation, audit }: { preparation: Preparation; audit: Pick<Audit, "change"> }): void {
  const recorded = async (actor: Actor, action: AuditActionType, id: string) =>
    audit.change(actor, ({ record }) => record({ action, target: { type: "server", id: null, name: preparation.requireOwn(id).name } }));
  mount("preparation", preparationRoutes, {
    list: async () => ({ items: preparation.items() }),
    events: async ({ signal }) => preparation.follow(signal),
  });
  mount("adminPreparation", adminPreparationRoutes, {
    list: async () => ({ items: preparation.adminItems() }),
    prepare: async (context, { params }) => {
      await recorded(actorOf(context), "server.preparation_started", params.id);
      return preparation.prepare(params.id);
    },
    remove: async (context, { params }) => {
      await recorded(actorOf(context), "server.preparation_removed", params.id);
      return preparation.remove(params.id);
    },
  });
}
