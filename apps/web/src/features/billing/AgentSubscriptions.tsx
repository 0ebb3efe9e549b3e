import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { formatDollars } from "../../lib/money.ts";
import { formatDate } from "../../lib/time.ts";
import { Button } from "../../ui/Button.tsx";
import { LoadFailed } from "../../ui/LoadFailed.tsx";
import { Pill } from "../../ui/Pill.tsx";
import { SettingsSection } from "../../ui/SettingsSection.tsx";
import { toastWithUndo, toastError } from "../../ui/toast.tsx";
import { agentSubscriptionsQuery, useBillingActions } from "./billing.queries.ts";

/** Monthly subscriptions to agents. Shows nothing if there are none. */
export function AgentSubscriptions() {
  const query = useQuery(agentSubscriptionsQuery);
  const { cancelAgent, renewAgent } = useBillingActions();
  const report = (error: unknown) => toastError(error);
  if (query.error && !query.data) return <LoadFailed className="mb-8 px-0" title="Couldn't load agent subscriptions" of={query} />;
  if (!query.data || query.data.items.length === 0) return null;
  return (
    <SettingsSection id="agent-subscriptions" title="Agent subscriptions">
      <ul className="divide-y divide-line-0 border-y border-line-0">
        {query.data.items.map((one) => (
          <li key={one.id} className="flex flex-wrap items-center gap-3 py-2.5 text-sm">
            <Link
              to="/marketplace/agent/$slug"
              params={{ slug: one.agent_slug }}
              className="min-w-0 flex-1 truncate font-medium text-fg-0 hover:underline"
            >
              {one.agent_name}
            </Link>
            <span className="num text-fg-2">{formatDollars(one.price_cents)} a month</span>
            {one.status === "canceled" ? (
              <Pill>Ended</Pill>
            ) : one.cancel_at_period_end ? (
              <Pill tone="warn">{one.current_period_end ? `Ends ${formatDate(one.current_period_end)}` : "Ends"}</Pill>
            ) : one.status === "past_due" ? (
              <Pill tone="err">The last payment failed</Pill>
            ) : null}
            {one.status === "canceled" ? null : one.cancel_at_period_end ? (
              <Button
                size="sm"
                isLoading={renewAgent.isPending && renewAgent.variables === one.id}
                loadingWord="Resuming…"
                onClick={() => renewAgent.mutate(one.id, { onError: report })}
              >
                Resume
              </Button>
            ) : (
              <Button
                size="sm"
                variant="danger"
                isLoading={cancelAgent.isPending && cancelAgent.variables === one.id}
                loadingWord="Canceling…"
                onClick={() =>
                  cancelAgent.mutate(one.id, {
                    onSuccess: () =>
                      toastWithUndo(
                        `Subscription to ${one.agent_name} canceled. It stays active until the end of the billing period.`,
                        () => renewAgent.mutateAsync(one.id),
                      ),
                    onError: report,
                  })
                }
              >
                Cancel
              </Button>
            )}
          </li>
        ))}
      </ul>
    </SettingsSection>
  );
}
