import { Share2 } from "lucide-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { Preview, PreviewShare } from "@tesslate/contract";
import { useState } from "react";
import { partKey } from "../../project/cache-keys.ts";
import { useServices } from "../../project/services.ts";
import { Button } from "../../ui/Button.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { Field } from "../../ui/Field.tsx";
import { useForm } from "../../ui/form/use-form.ts";
import { Input } from "../../ui/Input.tsx";
import { LoadFailed } from "../../ui/LoadFailed.tsx";
import { Select } from "../../ui/Select.tsx";
import { SkeletonRows } from "../../ui/Skeleton.tsx";
import { toast, toastError } from "../../ui/toast.tsx";
import { ShareRow } from "./ShareRow.tsx";

const lifetimes = [
  { value: "3600", label: "1 hour" },
  { value: "86400", label: "1 day" },
  { value: "604800", label: "7 days" },
  { value: "2592000", label: "30 days" },
];
const sharesKey = (projectId: string, previewId: string) => [...partKey(projectId, "shares"), previewId] as const;

export interface ShareTarget {
  projectId: string;
  /** Name of the container that the links show. */
  name: string;
  /** The preview that holds the links; if missing, it is added to the canvas with the first link. */
  preview: Preview | undefined;
  containerId: string;
}

/** Creates, copies and revokes share links, and shows their visits. */
export function ShareDialog({ target, onClose }: { target: ShareTarget | undefined; onClose: () => void }) {
  return (
    <Dialog
      isOpen={target !== undefined}
      onOpenChange={(isOpen) => {
        if (!isOpen) onClose();
      }}
      title={target ? `Share ${target.name}` : ""}
      description="Anyone with a link can see the running app without an account, until the link expires."
      width="lg"
    >
      {target ? <ShareBody key={target.preview?.id ?? target.containerId} target={target} /> : null}
    </Dialog>
  );
}

function ShareBody({ target }: { target: ShareTarget }) {
  const { projectId, containerId } = target;
  const { api } = useServices();
  const queries = useQueryClient();
  const [madeFor, setMadeFor] = useState<Preview>();
  const preview = target.preview ?? madeFor;
  const params = { id: projectId, preview_id: preview?.id ?? "" };
  const shares = useQuery({
    queryKey: sharesKey(projectId, params.preview_id),
    queryFn: async ({ signal }) => (await api.previews.shares({ params, query: { limit: 100 } }, { signal })).items,
    enabled: preview !== undefined,
    staleTime: 0,
  });
  const form = useForm({
    start: { label: "", expires_in: "604800" },
    submit: async ({ label, expires_in }) => {
      let holder = preview;
      if (!holder) {
        holder = await api.previews.create({ params: { id: projectId }, body: { connected_container_id: containerId } });
        setMadeFor(holder);
        void queries.invalidateQueries({ queryKey: partKey(projectId, "previews") });
      }
      const { url } = await api.previews.share({
        params: { id: projectId, preview_id: holder.id },
        body: { expires_in: Number(expires_in), ...(label.trim() && { label: label.trim() }) },
      });
      await queries.invalidateQueries({ queryKey: sharesKey(projectId, holder.id) });
      form.reset({ label: "", expires_in });
      const isCopied = await navigator.clipboard.writeText(url).then(
        () => true,
        () => false,
      );
      toast(isCopied ? "Link created and copied." : "Link created.");
    },
    errorField: "expires_in",
  });
  const revoke = useMutation({
    mutationFn: (share: PreviewShare) => api.previews.unshare({ params: { ...params, share_id: share.id } }),
    onSuccess: (_, share) => {
      queries.setQueryData<PreviewShare[]>(sharesKey(projectId, params.preview_id), (list) => list?.filter(({ id }) => id !== share.id));
      toast("Link revoked. Its visitors no longer have access.");
    },
    onError: (error) => toastError(error),
  });
  const list = preview ? shares.data : [];
  const isLocal = list?.some(({ url }) => new URL(url).hostname.endsWith(".localhost"));
  return (
    <div className="grid grid-cols-1 gap-4">
      <form className="flex flex-wrap items-start gap-2" onSubmit={form.onSubmit}>
        <Field label="Name" hint="Optional. Only you see it." error={form.errors.label} className="min-w-40 flex-1">
          <Input {...form.text("label")} maxLength={100} placeholder="Client review" />
        </Field>
        <Field label="Expires after" error={form.errors.expires_in} className="w-32 flex-none narrow:w-full">
          <Select {...form.choice("expires_in")} options={lifetimes} />
        </Field>
        <Button
          type="submit"
          variant="primary"
          icon={<Share2 size={14} />}
          isLoading={form.isSubmitting}
          loadingWord="Creating…"
          className="mt-5.75 h-8! narrow:mt-0 narrow:h-11! narrow:w-full"
        >
          Create link
        </Button>
      </form>
      {shares.error && preview ? (
        <LoadFailed className="p-0!" title="Couldn't load links" of={shares} />
      ) : list === undefined ? (
        <SkeletonRows count={3} label="Loading links…" />
      ) : list.length === 0 ? (
        <p className="rounded-3 border border-dashed border-line-1 px-4 py-5 text-center text-fg-2">No active links</p>
      ) : (
        <ul aria-label="Active links" className="divide-y divide-line-0 rounded-3 border border-line-0">
          {list.map((share) => (
            <ShareRow
              key={share.id}
              share={share}
              isGoing={revoke.isPending && revoke.variables?.id === share.id}
              onRevoke={() => revoke.mutate(share)}
            />
          ))}
        </ul>
      )}
      {isLocal ? (
        <p className="text-xs text-fg-2">
          URLs under <code>localhost</code> open on this computer only. To share with others, set <code>PREVIEW_DOMAIN</code>.
        </p>
      ) : null}
    </div>
  );
}
