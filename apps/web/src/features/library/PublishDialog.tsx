import { useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Check, Circle, CircleX } from "lucide-react";
import { useState } from "react";
import type { AgentDetail } from "@tesslate/contract";
import { formatDollars } from "../../lib/money.ts";
import { formatPercent } from "../../lib/numbers.ts";
import { Banner } from "../../ui/Banner.tsx";
import { Button } from "../../ui/Button.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { SkeletonRows } from "../../ui/Skeleton.tsx";
import { offersQuery } from "../billing/index.ts";
import { dashboardQuery } from "../creators/index.ts";
import { meQuery } from "../users/index.ts";
import { checksOf } from "./selling.ts";
import { ErrorSentence } from "../../ui/HelpLink.tsx";

/** What an agent should have before it is published. Only what is required prevents it. */
export function PublishDialog({
  agent,
  onClose,
  onTry,
  onPublish,
}: {
  agent: AgentDetail;
  onClose: () => void;
  onTry: () => void;
  onPublish: () => Promise<void>;
}) {
  const { data: me } = useSuspenseQuery(meQuery);
  const isSold = agent.pricing_type !== "free";
  const studio = useQuery({ ...dashboardQuery, enabled: isSold });
  const offers = useQuery({ ...offersQuery, enabled: isSold });
  const [isPublishing, setIsPublishing] = useState(false);
  const [failure, setFailure] = useState<unknown>();
  const isLoading = isSold && studio.data === undefined && !studio.error;
  const checks = checksOf(agent, me, studio.data?.payouts.connected === true);
  const isBlocked = isLoading || checks.some(({ isRequired, isDone }) => isRequired && !isDone);
  const publish = async () => {
    setIsPublishing(true);
    setFailure(undefined);
    try {
      await onPublish();
      onClose();
    } catch (error) {
      setFailure(error);
    } finally {
      setIsPublishing(false);
    }
  };
  return (
    <Dialog
      isOpen
      onOpenChange={(isOpen) => !isOpen && !isPublishing && onClose()}
      title={`Publish ${agent.name}?`}
      description={
        isSold
          ? `Everyone can buy it for ${formatDollars(agent.price_cents)}${agent.pricing_type === "monthly" ? " a month" : ""}.${offers.data ? ` You keep ${formatPercent(offers.data.creator_share)}.` : ""} Its system prompt is ${agent.source_type === "closed" ? "hidden" : "shown to everyone"}.`
          : "Everyone can add it and read its system prompt."
      }
      footer={
        <>
          <Button variant="ghost" onClick={onTry} disabled={isPublishing}>
            Try agent first
          </Button>
          <span className="flex-1" />
          <Button variant="ghost" onClick={onClose} disabled={isPublishing}>
            Cancel
          </Button>
          <Button variant="primary" disabled={isBlocked} isLoading={isPublishing} loadingWord="Publishing…" onClick={() => void publish()}>
            Publish agent
          </Button>
        </>
      }
    >
      {failure ? (
        <Banner tone="err" className="mb-3">
          <ErrorSentence of={failure} />
        </Banner>
      ) : null}
      {isLoading ? (
        <SkeletonRows count={4} label="Loading checks…" />
      ) : (
        <ul role="list" aria-label="Before you publish" className="grid gap-2 text-sm">
          {checks.map(({ id, label, isDone, isRequired, hint }) => (
            <li key={id} className="flex gap-2">
              {isDone ? (
                <Check size={15} aria-label="Done:" className="mt-0.5 flex-none text-ok" />
              ) : isRequired ? (
                <CircleX size={15} aria-label="Required:" className="mt-0.5 flex-none text-err" />
              ) : (
                <Circle size={15} aria-label="Recommended:" className="mt-0.5 flex-none text-fg-3" />
              )}
              <span className="min-w-0">
                <span className="text-fg-0">{label}</span>
                {isDone ? null : (
                  <span className="block text-xs text-fg-2">
                    {hint}{" "}
                    {id === "profile" ? (
                      <Link to="/settings/profile" target="_blank" className="link">
                        Edit profile
                      </Link>
                    ) : null}
                  </span>
                )}
              </span>
            </li>
          ))}
        </ul>
      )}
    </Dialog>
  );
}
