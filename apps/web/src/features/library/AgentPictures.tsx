import { X } from "lucide-react";
import { maxScreenshots, maxStorePictureBytes, type AgentDetail } from "@tesslate/contract";
import { formatByteLimit } from "../../lib/bytes.ts";
import { hasCode, sentenceOf } from "../../lib/errors.ts";
import { Banner } from "../../ui/Banner.tsx";
import { Button } from "../../ui/Button.tsx";
import { IconButton } from "../../ui/IconButton.tsx";
import { PictureButton } from "../../ui/PictureButton.tsx";
import { SettingsSection } from "../../ui/SettingsSection.tsx";
import { toast } from "../../ui/toast.tsx";
import { ItemIcon } from "../marketplace/index.ts";
import { useAgentPictures } from "./library.queries.ts";

/** The icon and the screenshots of an agent's store page. Each change is saved at once. */
export function AgentPictures({ agent }: { agent: AgentDetail }) {
  const { setIcon, removeIcon, addScreenshot, removeScreenshot } = useAgentPictures(agent.id);
  const error = setIcon.error ?? removeIcon.error ?? addScreenshot.error ?? removeScreenshot.error;
  const isBusy = [setIcon, removeIcon, addScreenshot, removeScreenshot].some(({ isPending }) => isPending);
  const clear = () => [setIcon, removeIcon, addScreenshot, removeScreenshot].forEach(({ reset }) => reset());
  return (
    <SettingsSection title="Pictures" hint="Shown in the store. They are saved at once; we remove metadata such as the location.">
      {error ? (
        <Banner tone="err" className="mb-3">
          {hasCode(error, "file_too_large", "payload_too_large")
            ? `Pictures are limited to ${formatByteLimit(maxStorePictureBytes)}.`
            : sentenceOf(error)}
        </Banner>
      ) : null}
      <p className="text-sm font-medium text-fg-1">Icon</p>
      <div className="mt-1.5 flex flex-wrap items-center gap-3">
        <ItemIcon category={agent.category} picture={agent.avatar_url} markOf={agent.id} size="large" />
        <PictureButton
          label="Icon"
          isLoading={setIcon.isPending}
          disabled={isBusy}
          onFile={(file) => {
            clear();
            setIcon.mutate(file, { onSuccess: () => toast("Icon saved.") });
          }}
        >
          {agent.avatar_url ? "Change icon" : "Upload icon"}
        </PictureButton>
        {agent.avatar_url ? (
          <Button
            variant="ghost"
            disabled={isBusy}
            onClick={() => {
              clear();
              removeIcon.mutate(undefined, { onSuccess: () => toast("Icon removed.") });
            }}
          >
            Remove icon
          </Button>
        ) : null}
      </div>
      <p className="mt-4 text-sm font-medium text-fg-1">Screenshots</p>
      {agent.screenshots.length > 0 ? (
        <ul role="list" aria-label="Screenshots" className="mt-1.5 grid grid-cols-3 gap-3 narrow:grid-cols-2">
          {agent.screenshots.map(({ id, url }, index) => (
            <li key={id} className="relative">
              <img
                src={url}
                alt={`Screenshot ${index + 1}`}
                className="aspect-8/5 w-full rounded-2 border border-line-0 bg-bg-2 object-contain"
              />
              <IconButton
                size="sm"
                label={`Delete screenshot ${index + 1}`}
                disabled={isBusy}
                className="absolute top-1.5 right-1.5 bg-bg-1!"
                onClick={() => {
                  clear();
                  removeScreenshot.mutate(id, { onSuccess: () => toast("Screenshot deleted.") });
                }}
              >
                <X size={14} />
              </IconButton>
            </li>
          ))}
        </ul>
      ) : null}
      <div className="mt-2 flex flex-wrap items-center gap-3">
        <PictureButton
          label="Screenshot"
          isLoading={addScreenshot.isPending}
          disabled={isBusy || agent.screenshots.length >= maxScreenshots}
          onFile={(file) => {
            clear();
            addScreenshot.mutate(file, { onSuccess: () => toast("Screenshot added.") });
          }}
        >
          Add screenshot
        </PictureButton>
        <span className="num text-xs text-fg-2">
          {agent.screenshots.length} of {maxScreenshots}
        </span>
      </div>
    </SettingsSection>
  );
}
