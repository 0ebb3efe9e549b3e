import { Share2 } from "lucide-react";
import { useQueryClient } from "@tanstack/react-query";
import type { Container } from "@tesslate/contract";
import { Suspense, useState } from "react";
import { useProjectEvents } from "../../project/project-context.ts";
import { previewsQuery } from "../../project/project.queries.ts";
import { useServices } from "../../project/services.ts";
import { IconButton } from "../../ui/IconButton.tsx";
import { toastError } from "../../ui/toast.tsx";
import { ShareDialog } from "./on-demand.ts";
import type { ShareTarget } from "./ShareDialog.tsx";

/** Share links of the container in the preview. They belong to the first canvas preview that shows this container. */
export function SharePreviewButton({ projectId, container }: { projectId: string; container: Container }) {
  const { during } = useProjectEvents();
  const { api } = useServices();
  const queries = useQueryClient();
  const [target, setTarget] = useState<ShareTarget>();
  const open = async () => {
    try {
      const previews = await queries.fetchQuery(previewsQuery(api, projectId, during));
      setTarget({
        projectId,
        name: container.name,
        preview: previews.find((preview) => preview.connected_container_id === container.id),
        containerId: container.id,
      });
    } catch (error) {
      toastError(error);
    }
  };
  return (
    <>
      <IconButton label="Share preview" onClick={() => void open()}>
        <Share2 />
      </IconButton>
      {target ? (
        <Suspense fallback={null}>
          <ShareDialog target={target} onClose={() => setTarget(undefined)} />
        </Suspense>
      ) : null}
    </>
  );
}
