import { useQuery } from "@tanstack/react-query";
import { useProject } from "../../project/project-context.ts";
import { useServices } from "../../project/services.ts";
import { Dialog } from "../../ui/Dialog.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { LoadFailed } from "../../ui/LoadFailed.tsx";
import { Skeleton } from "../../ui/Skeleton.tsx";
import { sitesQuery } from "./domains.queries.ts";
import { SiteSection } from "./SiteSection.tsx";

/** Addresses and passwords of the apps that are deployed on this server. */
export function DomainsDialog({ onClose }: { onClose: () => void }) {
  const { api } = useServices();
  const query = useQuery(sitesQuery(api, useProject().id));
  return (
    <Dialog isOpen onOpenChange={(isOpen) => !isOpen && onClose()} title="Domains" width="2xl">
      {query.error && !query.data ? (
        <LoadFailed title="Couldn't load domains" of={query} />
      ) : !query.data ? (
        <div role="status" aria-label="Loading domains…" className="grid gap-3">
          <Skeleton className="h-5 w-40" />
          <Skeleton className="h-11 w-4/5" />
        </div>
      ) : query.data.length === 0 ? (
        <EmptyState title="No app is deployed on this server yet">
          Deploy to “This server” first. Then the app has an address here, and you can add your own domains.
        </EmptyState>
      ) : (
        <div className="grid gap-6">
          {query.data.map((site) => (
            <SiteSection key={site.container_id} site={site} isOnly={query.data.length === 1} />
          ))}
        </div>
      )}
    </Dialog>
  );
}
