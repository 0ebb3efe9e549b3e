import { useQuery } from "@tanstack/react-query";
import type { CustomProvider, ModelKey } from "@tesslate/contract";
import { Suspense, useState } from "react";
import { lazyComponent } from "../../lib/chunks.ts";
import { keepRowFocus } from "../../lib/row-focus.ts";
import { formatRelativeTime } from "../../lib/time.ts";
import { Button } from "../../ui/Button.tsx";
import { LoadFailed, ShownFromBefore } from "../../ui/LoadFailed.tsx";
import { Pill } from "../../ui/Pill.tsx";
import { SettingsSection } from "../../ui/SettingsSection.tsx";
import { SkeletonRows } from "../../ui/Skeleton.tsx";
import { CapField } from "./CapField.tsx";
import { ownEndpointsQuery, ownKeysQuery, useOwnKeyActions } from "./own-keys.queries.ts";
import { OwnKeyRow } from "./OwnKeyRow.tsx";

const OwnKeyDialog = lazyComponent(async () => (await import("./OwnKeyDialog.tsx")).OwnKeyDialog);
const OwnEndpointDialog = lazyComponent(async () => (await import("./OwnEndpointDialog.tsx")).OwnEndpointDialog);

type Open = { kind: "key"; stored?: ModelKey } | { kind: "endpoint"; stored?: CustomProvider };

/** The person's own keys and endpoints. They replace the server's and are not charged here. */
export function OwnKeys() {
  const keys = useQuery(ownKeysQuery);
  const endpoints = useQuery(ownEndpointsQuery);
  const actions = useOwnKeyActions();
  const [open, setOpen] = useState<Open>();
  /** Just saved: it is tested at once, so that a wrong key is reported. */
  const [savedId, setSavedId] = useState<string>();
  const close = () => setOpen(undefined);
  const both = {
    error: keys.error ?? endpoints.error,
    refetch: () => Promise.all([keys.refetch(), endpoints.refetch()]),
    isFetching: keys.isFetching || endpoints.isFetching,
  };
  const slugs = new Set(endpoints.data?.items.map((endpoint) => endpoint.slug));
  // The key of an endpoint is part of the endpoint's row.
  const plain = keys.data?.items.filter((key) => !slugs.has(key.provider)) ?? [];
  return (
    <SettingsSection
      id="own-keys"
      title="Your own keys"
      hint="Used only for your runs, instead of the server's keys. The provider bills you directly."
      action={
        <div className="flex gap-2">
          <Button size="sm" variant="ghost" onClick={() => setOpen({ kind: "endpoint" })}>
            Add endpoint
          </Button>
          <Button size="sm" onClick={() => setOpen({ kind: "key" })}>
            Add key
          </Button>
        </div>
      }
    >
      {both.error && keys.data && endpoints.data ? <ShownFromBefore of={both} className="mb-3" /> : null}
      {!keys.data || !endpoints.data ? (
        both.error ? (
          <LoadFailed className="px-0" title="Couldn't load your keys" of={both} />
        ) : (
          <SkeletonRows count={2} label="Loading your keys…" />
        )
      ) : plain.length + endpoints.data.items.length === 0 ? (
        <p className="text-fg-2">No keys yet. Your runs use the server's models.</p>
      ) : (
        <ul ref={keepRowFocus} role="list" className="divide-y divide-line-0 rounded-3 border border-line-0">
          {plain.map((key) => (
            <OwnKeyRow
              key={key.id}
              kind="key"
              id={key.id}
              name={key.provider_name}
              facts={`${key.key_name === key.provider_name ? "" : `${key.key_name}, `}…${key.last4}${key.last_used_at ? `, used ${formatRelativeTime(key.last_used_at)}` : ", never used"}`}
              pill={key.is_active ? null : <Pill>Off</Pill>}
              test={actions.testKey}
              isNew={savedId === key.id}
              onTried={() => setSavedId(undefined)}
              onEdit={() => setOpen({ kind: "key", stored: key })}
              onRemove={() => actions.removeKey.mutateAsync(key.id)}
            />
          ))}
          {endpoints.data.items.map((endpoint) => (
            <OwnKeyRow
              key={endpoint.id}
              kind="endpoint"
              id={endpoint.id}
              name={endpoint.name}
              facts={`custom/${endpoint.slug}/…  ${endpoint.base_url}`}
              pill={endpoint.is_active ? null : <Pill>Off</Pill>}
              test={actions.testEndpoint}
              isNew={savedId === endpoint.id}
              onTried={() => setSavedId(undefined)}
              onEdit={() => setOpen({ kind: "endpoint", stored: endpoint })}
              onRemove={() => actions.removeEndpoint.mutateAsync(endpoint.id)}
            />
          ))}
        </ul>
      )}
      {plain.length + (endpoints.data?.items.length ?? 0) > 0 ? (
        <div className="mt-3 grid grid-cols-2 items-start gap-4 narrow:grid-cols-1">
          <CapField
            cap="own_key_day_cents"
            label="Daily limit (USD)"
            placeholder="No limit"
            hint="For all your keys together, at list prices. Your provider's bill may differ."
          />
          <CapField
            cap="max_cost_cents"
            label="Limit per run (USD)"
            placeholder="No limit"
            hint="For runs with your own keys and with the server's."
          />
        </div>
      ) : null}
      <Suspense fallback={null}>
        {open?.kind === "key" ? <OwnKeyDialog stored={open.stored} onSaved={setSavedId} onClose={close} /> : null}
        {open?.kind === "endpoint" ? <OwnEndpointDialog stored={open.stored} onSaved={setSavedId} onClose={close} /> : null}
      </Suspense>
    </SettingsSection>
  );
}
