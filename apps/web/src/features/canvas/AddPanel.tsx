import { AppWindow, ArrowUpFromLine, CodeXml, Plus } from "lucide-react";
import { useQuery } from "@tanstack/react-query";
import type { DeployProvider, Service } from "@tesslate/contract";
import { useMemo, useRef, useState } from "react";
import { detailsOf } from "../../lib/errors.ts";
import { ariaKeys } from "../../lib/use-shortcuts.ts";
import { useServices } from "../../project/services.ts";
import { Button } from "../../ui/Button.tsx";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { ShortcutKeys } from "../../ui/ShortcutKeys.tsx";
import { PickList, type PickListItem } from "../../ui/PickList.tsx";
import { Popover } from "../../ui/Popover.tsx";
import { deployProviderNames, providers } from "../deployments/index.ts";
import { servicesQuery, appTemplatesQuery, isOneApp } from "./canvas.queries.ts";
import { CredentialsForm } from "./CredentialsForm.tsx";
import { serviceIcon } from "./node-looks.tsx";
import type { NewContainer } from "./use-canvas-actions.ts";
import { ErrorSentence } from "../../ui/HelpLink.tsx";

export interface AddPanelProps {
  isOpen: boolean;
  onOpenChange: (isOpen: boolean) => void;
  /** Resolves with the reason if it failed. */
  onAdd: (wanted: NewContainer) => Promise<string | undefined>;
  onAddPreview: () => void;
  /** Resolves with the reason if it failed. */
  onAddTarget: (provider: DeployProvider) => Promise<string | undefined>;
}

/** Searchable list of everything that can be added to the canvas. Services that can't run here show the reason. */
export function AddPanel({ isOpen, onOpenChange, onAdd, onAddPreview, onAddTarget }: AddPanelProps) {
  const hasAdded = useRef(false);
  return (
    <Popover
      label="Add to canvas"
      isOpen={isOpen}
      onOpenChange={onOpenChange}
      onCloseAutoFocus={(event) => {
        // The added node takes the focus.
        if (hasAdded.current) event.preventDefault();
        hasAdded.current = false;
      }}
      className="w-100 max-w-floating! p-0!"
      trigger={
        <Button size="sm" icon={<Plus size={14} />} keys={<ShortcutKeys id="canvas.add" />} aria-keyshortcuts={ariaKeys("canvas.add")}>
          Add
        </Button>
      }
    >
      <AddBody
        onAdd={onAdd}
        onAddPreview={onAddPreview}
        onAddTarget={onAddTarget}
        onDone={() => {
          hasAdded.current = true;
          onOpenChange(false);
        }}
      />
    </Popover>
  );
}

function AddBody({ onAdd, onAddPreview, onAddTarget, onDone }: Omit<AddPanelProps, "isOpen" | "onOpenChange"> & { onDone: () => void }) {
  const { api } = useServices();
  const services = useQuery(servicesQuery(api));
  const templates = useQuery(appTemplatesQuery(api));
  const [entering, setEntering] = useState<Service>();
  const [failure, setFailure] = useState<string>();
  const [isAdding, setIsAdding] = useState(false);
  const groups = useMemo(() => {
    const settle = (adding: Promise<string | undefined>) => {
      setFailure(undefined);
      setIsAdding(true);
      void adding.then((reason) => {
        setIsAdding(false);
        if (reason === undefined) onDone();
        else setFailure(reason);
      });
    };
    const add = (wanted: NewContainer) => settle(onAdd(wanted));
    const here = (service: Service): PickListItem => ({
      id: `here:${service.slug}`,
      title: service.name,
      hint: service.description,
      icon: serviceIcon(service),
      refusal: service.available.runs ? undefined : (service.available.reason ?? "Not available on this server."),
      run: () => add({ container_type: "service", service_slug: service.slug, deployment_mode: "container" }),
    });
    const elsewhere = (service: Service): PickListItem => ({
      id: `elsewhere:${service.slug}`,
      title: service.kind === "hybrid" ? `${service.name} (external)` : service.name,
      hint: service.kind === "hybrid" ? "Runs outside this server. Requires credentials." : `${service.description} Requires credentials.`,
      icon: serviceIcon(service),
      run: () => setEntering(service),
    });
    const all = services.data ?? [];
    return [
      { heading: "Services", items: all.filter(({ kind }) => kind !== "external").map(here) },
      {
        heading: "Apps",
        items: (templates.data ?? []).filter(isOneApp).map((template) => ({
          id: `base:${template.slug}`,
          title: template.name,
          hint: template.description,
          icon: <CodeXml size={16} />,
          run: () => add({ container_type: "base", base_id: template.slug }),
        })),
      },
      {
        heading: "Canvas",
        items: [
          {
            id: "preview",
            title: "Preview",
            hint: "Shows an app of this project on the canvas",
            icon: <AppWindow size={16} />,
            run: () => {
              onDone();
              onAddPreview();
            },
          },
        ],
      },
      {
        heading: "Deployment targets",
        items: providers.map((provider) => ({
          id: `target:${provider}`,
          title: deployProviderNames[provider],
          hint: "Deployment target",
          icon: <ArrowUpFromLine size={16} />,
          run: () => settle(onAddTarget(provider)),
        })),
      },
      { heading: "External services", items: all.filter(({ kind }) => kind !== "container").map(elsewhere) },
    ];
  }, [services.data, templates.data, onAdd, onAddPreview, onAddTarget, onDone]);

  if (entering)
    return (
      <div className="scroll-y max-h-[min(520px,70dvh)]">
        <CredentialsForm
          service={entering}
          submitLabel={`Add ${entering.name}`}
          onBack={() => setEntering(undefined)}
          onSave={async (values) => {
            const reason = await onAdd({
              container_type: "service",
              service_slug: entering.slug,
              deployment_mode: "external",
              ...values,
            });
            if (reason === undefined) onDone();
            return reason;
          }}
        />
      </div>
    );
  const broken = services.error ?? templates.error;
  if (broken)
    return (
      <ErrorState
        title="Couldn't load services and apps"
        onRetry={() => {
          void services.refetch();
          void templates.refetch();
        }}
        isRetrying={services.isFetching || templates.isFetching}
        details={detailsOf(broken)}
        className="p-4!"
      >
        <ErrorSentence of={broken} />
      </ErrorState>
    );
  return (
    <PickList
      label="Add to canvas"
      placeholder="Add a service, app, preview or target…"
      groups={groups}
      empty="Nothing to add"
      isLoading={services.isPending || templates.isPending}
      foot={
        failure ? (
          <p role="alert" className="flex-none border-t border-line-0 bg-err-soft px-3 py-2 text-xs text-err">
            {failure}
          </p>
        ) : isAdding ? (
          <p role="status" className="flex-none border-t border-line-0 px-3 py-2 text-xs text-fg-2">
            Adding…
          </p>
        ) : null
      }
    />
  );
}
