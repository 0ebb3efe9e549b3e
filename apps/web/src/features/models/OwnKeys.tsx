import { useQuery } from "@tanstack/react-query";
import type { CustomProvider, ModelKey } from "@tesslate/contract";
import { Suspense, useState } from "react";
import { lazily } from "../../lib/chunks.ts";
import { keepRowFocus } from "../../lib/row-focus.ts";
import { agoOf } from "../../lib/time.ts";
import { Button } from "../../ui/Button.tsx";
import { LoadFailed, ShownFromBefore } from "../../ui/LoadFailed.tsx";
import { Pill } from "../../ui/Pill.tsx";
import { SettingsSection } from "../../ui/SettingsSection.tsx";
import { SkeletonRows } from "../../ui/Skeleton.tsx";
import { CapField } from "./CapField.tsx";
import { ownEndpointsQuery, ownKeysQuery, useOwnKeyActs } from "./own-keys.queries.ts";
import { OwnKeyRow } from "./OwnKeyRow.tsx";

const OwnKeyDialog = lazily(async () => (await import("./OwnKeyDialog.tsx")).OwnKeyDialog);
const OwnEndpointDialog = lazily(async () => (await import("./OwnEndpointDialog.tsx")).OwnEndpointDialog);

type Open = { kind: "key"; stored?: ModelKey } | { kind: "endpoint"; stored?: CustomProvider };

/** One's own keys and endpoints: in the place of the server's, and not charged here. */
export function OwnKeys() {
  const keys = useQuery(ownKeysQuery);
  const endpoints = useQuery(ownEndpointsQuery);
  const acts = useOwnKeyActs();
  const [open, setOpen] = useState<Open>();
  /** Stored this moment: it is tried at once, so that a wrong key is told. */
  const [savedId, setSavedId] = useState<string>();
  const close = () => setOpen(undefined);
  const both = {
    error: keys.error ?? endpoints.error,
    refetch: () => Promise.all([keys.refetch(), endpoints.refetch()]),
    isFetching: keys.isFetching || endpoints.isFetching,
  };
  const slugs = new Set(endpoints.data?.items.map((endpoint) => endpoint.slug));
  // The key of an endpoint of one's own belongs to its row.
  const plain = keys.data?.items.filter((key) => !slugs.has(key.provider)) ?? [];
  return (
    <SettingsSection
      title="Your own keys"
      hint="Used for you alone, in the place of the server's. The provider bills you; nothing is charged here."
      action={
        <div className="flex gap-2">
          <Button size="sm" variant="ghost" onClick={() => setOpen({ kind: "endpoint" })}>
            Add an endpoint
          </Button>
          <Button size="sm" onClick={() => setOpen({ kind: "key" })}>
            Add a key
          </Button>
        </div>
      }
    >
      {both.error && keys.data && endpoints.data ? <ShownFromBefore of={both} className="mb-3" /> : null}
      {!keys.data || !endpoints.data ? (
        both.error ? (
          <LoadFailed className="px-0" title="Your keys could not be read" of={both} />
        ) : (
          <SkeletonRows count={2} label="Loading your keys" />
        )
      ) : plain.length + endpoints.data.items.length === 0 ? (
        <p className="text-fg-2">None. The models that the server offers are used.</p>
      ) : (
        <ul ref={keepRowFocus} role="list" className="divide-y divide-line-0 rounded-3 border border-line-0">
          {plain.map((key) => (
            <OwnKeyRow
              key={key.id}
              id={key.id}
              name={key.provider_name}
              facts={`${key.key_name === key.provider_name ? "" : `${key.key_name}, `}…${key.last4}${key.last_used_at ? `, used ${agoOf(key.last_used_at)}` : ", never used"}`}
              pill={key.is_active ? null : <Pill>Off</Pill>}
              test={acts.testKey}
              question={`Delete your key for ${key.provider_name}?`}
              isNew={savedId === key.id}
              onTried={() => setSavedId(undefined)}
              onEdit={() => setOpen({ kind: "key", stored: key })}
              onRemove={() => acts.removeKey.mutateAsync(key.id)}
            />
          ))}
          {endpoints.data.items.map((endpoint) => (
            <OwnKeyRow
              key={endpoint.id}
              id={endpoint.id}
              name={endpoint.name}
              facts={`custom/${endpoint.slug}/…  ${endpoint.base_url}`}
              pill={endpoint.is_active ? null : <Pill>Off</Pill>}
              test={acts.testEndpoint}
              question={`Delete the endpoint ${endpoint.name}?`}
              isNew={savedId === endpoint.id}
              onTried={() => setSavedId(undefined)}
              onEdit={() => setOpen({ kind: "endpoint", stored: endpoint })}
              onRemove={() => acts.removeEndpoint.mutateAsync(endpoint.id)}
            />
          ))}
        </ul>
      )}
      {plain.length + (endpoints.data?.items.length ?? 0) > 0 ? (
        <div className="mt-3 grid grid-cols-2 items-start gap-4 narrow:grid-cols-1">
          <CapField
            cap="own_key_day_cents"
            label="Stop for the day at, in dollars"
            placeholder="No cap"
            hint="Of all your keys, counted at list prices; the provider's bill may differ."
          />
          <CapField cap="max_cost_cents" label="Pause a run at, in dollars" placeholder="No cap" hint="With your own key and without." />
        </div>
      ) : null}
      <Suspense fallback={null}>
        {open?.kind === "key" ? <OwnKeyDialog stored={open.stored} onSaved={setSavedId} onClose={close} /> : null}
        {open?.kind === "endpoint" ? <OwnEndpointDialog stored={open.stored} onSaved={setSavedId} onClose={close} /> : null}
      </Suspense>
    </SettingsSection>
  );
}
