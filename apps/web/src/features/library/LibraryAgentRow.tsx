import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Ellipsis, Eye, Pencil, Trash2 } from "lucide-react";
import { useState } from "react";
import type { LibraryAgent } from "@tesslate/contract";
import { cx } from "../../lib/cx.ts";
import { shortModelName, usableModels } from "../../lib/model-choice.ts";
import { formatDateTime, isPast } from "../../lib/time.ts";
import { Button, buttonClass } from "../../ui/Button.tsx";
import { ConfirmDialog } from "../../ui/ConfirmDialog.tsx";
import { IconButton } from "../../ui/IconButton.tsx";
import { Menu } from "../../ui/Menu.tsx";
import { Pill } from "../../ui/Pill.tsx";
import { Select } from "../../ui/Select.tsx";
import { Switch } from "../../ui/Switch.tsx";
import { toast, toastError, toastWithUndo } from "../../ui/toast.tsx";
import { ItemIcon, useAcquire, useRemoveFromLibrary, useUpdateVersion } from "../marketplace/index.ts";
import { modelsQuery } from "../models/index.ts";
import { useSelectModel, useSwitchAgent } from "./library.queries.ts";

const report = (error: unknown) => toastError(error);
const standard = "standard";

/** One agent of the library: enable, select the model, edit, remove. */
export function LibraryAgentRow({ agent }: { agent: LibraryAgent }) {
  const flip = useSwitchAgent();
  const select = useSelectModel();
  const remove = useRemoveFromLibrary("agents");
  const acquire = useAcquire("agents");
  const update = useUpdateVersion();
  const models = usableModels(useQuery(modelsQuery).data?.items ?? []);
  const [isRemoving, setIsRemoving] = useState(false);
  const isOver = agent.expires_at !== null && isPast(agent.expires_at);
  const canEdit = agent.is_custom || agent.source_type === "open";
  const known = models.some((model) => model.id === agent.selected_model);
  return (
    <li className="flex flex-wrap items-center gap-3 py-3">
      <div className="flex min-w-0 flex-1 basis-80 items-center gap-3 narrow:basis-full">
        <ItemIcon category={agent.category} picture={agent.avatar_url} markOf={agent.id} />
        <div className="min-w-0 flex-1">
          <p className="flex flex-wrap items-center gap-x-2 gap-y-1">
            <Link to="/marketplace/agent/$slug" params={{ slug: agent.slug }} className="truncate font-medium text-fg-0 hover:underline">
              {agent.name}
            </Link>
            {agent.is_custom ? <Pill>{agent.is_published ? "Yours, published" : "Yours"}</Pill> : null}
            {agent.is_admin_disabled ? <Pill tone="warn">Disabled by an administrator</Pill> : null}
            {agent.update_available ? <Pill tone="warn">Update available</Pill> : null}
            {isOver ? <Pill tone="warn">Expired {formatDateTime(agent.expires_at ?? "")}</Pill> : null}
          </p>
          <p className="line-clamp-1 text-xs text-fg-2">{agent.description}</p>
        </div>
        <Switch
          isOn={agent.is_enabled}
          isDisabled={agent.is_admin_disabled || isOver}
          label={<span className="sr-only">Enable {agent.name}</span>}
          onChange={(isEnabled) => flip.mutate({ id: agent.id, isEnabled }, { onError: report })}
        />
      </div>
      <div className="flex items-center gap-3 narrow:flex-1">
        <span className="w-44 narrow:w-auto narrow:min-w-0 narrow:flex-1">
          <Select
            size="sm"
            label={`Model of ${agent.name}`}
            isDisabled={agent.source_type === "closed" && !agent.is_custom}
            value={agent.selected_model ?? standard}
            onChange={(value) => select.mutate({ id: agent.id, model: value === standard ? null : value }, { onError: report })}
            options={[
              { value: standard, label: agent.model ? `Agent default: ${shortModelName(agent.model)}` : "Agent default" },
              ...(agent.selected_model && !known ? [{ value: agent.selected_model, label: shortModelName(agent.selected_model) }] : []),
              ...models.map((model) => ({ value: model.id, label: shortModelName(model.id), hint: model.provider_name ?? model.provider })),
            ]}
          />
        </span>
        {agent.update_available ? (
          <Button
            size="sm"
            isLoading={update.isPending}
            loadingWord="Updating…"
            aria-label={`Update ${agent.name}`}
            onClick={() => update.mutate(agent.id, { onSuccess: () => toast(`${agent.name} updated.`), onError: report })}
          >
            Update
          </Button>
        ) : null}
        <Link
          to="/library/agents/$slug"
          params={{ slug: agent.slug }}
          className={cx(buttonClass({ size: "sm" }), "w-16 justify-center narrow:w-20")}
          aria-label={canEdit ? `Edit ${agent.name}` : `View ${agent.name}`}
        >
          {canEdit ? <Pencil size={14} /> : <Eye size={14} />}
          {canEdit ? "Edit" : "View"}
        </Link>
        <Menu
          align="end"
          label={`Actions for ${agent.name}`}
          trigger={
            <IconButton size="sm" label={`Actions for ${agent.name}`}>
              <Ellipsis size={14} />
            </IconButton>
          }
          entries={[{ label: "Remove from library…", icon: <Trash2 size={14} />, isDanger: true, onSelect: () => setIsRemoving(true) }]}
        />
      </div>
      <ConfirmDialog
        isOpen={isRemoving}
        onOpenChange={setIsRemoving}
        title={`Remove ${agent.name} from your library?`}
        confirmLabel="Remove"
        loadingWord="Removing…"
        onConfirm={async () => {
          await remove.mutateAsync(agent.id);
          toastWithUndo(`${agent.name} removed from your library.`, () => acquire.mutateAsync(agent.id));
        }}
      >
        {agent.is_custom
          ? "Projects that use this agent switch to the default agent. You can still find it in “Created by you”."
          : agent.pricing_type === "free"
            ? "Projects that use this agent switch to the default agent."
            : "Projects that use this agent switch to the default agent. You can add it again without paying."}
      </ConfirmDialog>
    </li>
  );
}
