import { useQuery, type UseMutationResult } from "@tanstack/react-query";
import { lazy, Suspense, useState, type ReactNode } from "react";
import { detailsOf, sentenceOf } from "../../lib/errors.ts";
import { agoOf } from "../../lib/time.ts";
import { Button } from "../../ui/Button.tsx";
import { ConfirmDialog } from "../../ui/ConfirmDialog.tsx";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { Pill } from "../../ui/Pill.tsx";
import { SkeletonRows } from "../../ui/Skeleton.tsx";
import { toast } from "../../ui/toast.tsx";
import { SettingsSection } from "../settings/SettingsSection.tsx";
import { ownEndpointsQuery, ownKeysQuery, useOwnKeyActs } from "./own-keys.queries.ts";

const OwnKeyDialog = lazy(async () => ({ default: (await import("./OwnKeyDialog.tsx")).OwnKeyDialog }));
const OwnEndpointDialog = lazy(async () => ({ default: (await import("./OwnEndpointDialog.tsx")).OwnEndpointDialog }));

type Test = UseMutationResult<{ ok: boolean; message: string }, Error, string>;

/** One's own keys and endpoints: in the place of the server's, and not charged here. */
export function OwnKeys() {
  const keys = useQuery(ownKeysQuery);
  const endpoints = useQuery(ownEndpointsQuery);
  const acts = useOwnKeyActs();
  const [open, setOpen] = useState<"key" | "endpoint">();
  const error = keys.error ?? endpoints.error;
  const slugs = new Set(endpoints.data?.items.map((endpoint) => endpoint.slug));
  // The key of an endpoint of one's own belongs to its row.
  const plain = keys.data?.items.filter((key) => !slugs.has(key.provider)) ?? [];
  return (
    <SettingsSection
      title="Your own keys"
      hint="Used for you alone, in the place of the server's. The provider bills you; nothing is charged here."
      action={
        <div className="flex gap-2">
          <Button size="sm" variant="ghost" onClick={() => setOpen("endpoint")}>
            Add an endpoint
          </Button>
          <Button size="sm" onClick={() => setOpen("key")}>
            Add a key
          </Button>
        </div>
      }
    >
      {error ? (
        <ErrorState
          className="px-0"
          title="Your keys could not be read"
          onRetry={() => void Promise.all([keys.refetch(), endpoints.refetch()])}
          isRetrying={keys.isFetching || endpoints.isFetching}
          details={detailsOf(error)}
        >
          {sentenceOf(error)}
        </ErrorState>
      ) : !keys.data || !endpoints.data ? (
        <SkeletonRows count={2} label="Loading your keys" />
      ) : plain.length + endpoints.data.items.length === 0 ? (
        <p className="text-fg-2">None. The models that the server offers are used.</p>
      ) : (
        <ul role="list" className="divide-y divide-line-0 rounded-3 border border-line-0">
          {plain.map((key) => (
            <Row
              key={key.id}
              id={key.id}
              name={key.provider_name}
              facts={`${key.key_name === key.provider_name ? "" : `${key.key_name}, `}…${key.last4}${key.last_used_at ? `, used ${agoOf(key.last_used_at)}` : ", never used"}`}
              pill={key.is_active ? null : <Pill>Off</Pill>}
              test={acts.testKey}
              question={`Delete your key for ${key.provider_name}?`}
              onRemove={() => acts.removeKey.mutateAsync(key.id)}
            />
          ))}
          {endpoints.data.items.map((endpoint) => (
            <Row
              key={endpoint.id}
              id={endpoint.id}
              name={endpoint.name}
              facts={`custom/${endpoint.slug}/…  ${endpoint.base_url}`}
              pill={endpoint.is_active ? null : <Pill>Off</Pill>}
              test={acts.testEndpoint}
              question={`Delete the endpoint ${endpoint.name}?`}
              onRemove={() => acts.removeEndpoint.mutateAsync(endpoint.id)}
            />
          ))}
        </ul>
      )}
      <Suspense fallback={null}>
        {open === "key" ? <OwnKeyDialog onClose={() => setOpen(undefined)} /> : null}
        {open === "endpoint" ? <OwnEndpointDialog onClose={() => setOpen(undefined)} /> : null}
      </Suspense>
    </SettingsSection>
  );
}

function Row({
  id,
  name,
  facts,
  pill,
  test,
  question,
  onRemove,
}: {
  id: string;
  name: string;
  facts: string;
  pill: ReactNode;
  test: Test;
  question: string;
  onRemove: () => Promise<unknown>;
}) {
  const [isAsking, setIsAsking] = useState(false);
  const [outcome, setOutcome] = useState<{ ok: boolean; message: string }>();
  const tryIt = () =>
    test.mutate(id, {
      onSuccess: setOutcome,
      onError: (error) => setOutcome({ ok: false, message: sentenceOf(error) }),
    });
  return (
    <li className="px-3 py-2">
      <div className="flex items-center gap-2">
        <span className="min-w-0 flex-1">
          <span className="block font-medium text-fg-0">{name}</span>
          <span className="block truncate text-xs text-fg-2">{facts}</span>
        </span>
        {pill}
        <Button
          size="sm"
          variant="ghost"
          onClick={tryIt}
          isLoading={test.isPending && test.variables === id}
          loadingWord="Trying"
          aria-label={`Try ${name}`}
        >
          Try
        </Button>
        <Button size="sm" variant="ghost" onClick={() => setIsAsking(true)} aria-label={`Delete ${name}`}>
          Delete
        </Button>
      </div>
      {outcome ? (
        <p role="status" className={outcome.ok ? "pt-1 text-xs text-ok" : "pt-1 text-xs text-err"}>
          {outcome.message}
        </p>
      ) : null}
      <ConfirmDialog
        isOpen={isAsking}
        onOpenChange={setIsAsking}
        title={question}
        act="Delete"
        actWord="Deleting"
        isDanger
        onConfirm={async () => {
          await onRemove();
          toast("Deleted.");
        }}
      >
        From the next message on the server's own models answer, if it has any.
      </ConfirmDialog>
    </li>
  );
}
