import type { CostEstimate } from "@tesslate/contract";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { formatDollars } from "../../lib/money.ts";
import { formatCompact, formatPercent } from "../../lib/numbers.ts";
import { useHandler } from "../../lib/use-handler.ts";
import { useServices } from "../../project/services.ts";
import { Button } from "../../ui/Button.tsx";
import { MeterRing } from "../../ui/MeterRing.tsx";
import { Popover } from "../../ui/Popover.tsx";
import { toast, toastError } from "../../ui/toast.tsx";
import { CapField, estimateSentence } from "../models/index.ts";
import { estimateQuery } from "./budget.queries.ts";
import type { Run } from "./chat.types.ts";
import { isRunActive, useConversation, type Conversation } from "./conversation.ts";
import { contextPercent } from "./run-budget.ts";
import { ErrorSentence } from "../../ui/HelpLink.tsx";

export function useCompact(chatId: string | undefined, model: string | undefined) {
  const queryClient = useQueryClient();
  const { api } = useServices();
  const [doneFor, setDoneFor] = useState<string>();
  const work = useMutation({
    mutationFn: (id: string) => api.chat.compact({ params: { chat_id: id }, body: model ? { model } : {} }),
    onSuccess: (done) => {
      toast(`Chat compacted from ${formatCompact(done.tokens_before)} to ${formatCompact(done.tokens_after)} tokens.`);
      return queryClient.invalidateQueries({ queryKey: ["chat", "estimate"] });
    },
    onError: (error) => toastError(error),
  });
  const start = useHandler((taskId: string | undefined) => {
    if (chatId) work.mutate(chatId, { onSuccess: () => setDoneFor(taskId) });
  });
  const { isPending } = work;
  return useMemo(
    () => ({
      isPending,
      /** The last run at the time of the compaction; no offer is shown for it again. */
      doneFor,
      start,
    }),
    [isPending, doneFor, start],
  );
}
export type Compact = ReturnType<typeof useCompact>;

/** Of the run whose numbers are shown: the active one, else the last. */
const countedUsage = ({ chat, lastRun }: Conversation): Pick<Run, "taskId" | "usage"> | undefined => {
  const run = chat.live ?? lastRun;
  return run && { taskId: run.taskId, usage: run.usage };
};

export interface BudgetMeterProps {
  projectId: string;
  chatId: string | undefined;
  model: string | undefined;
  draft: string;
  compact: Compact;
}

/** In the composer: use of the context window, estimated cost of the next message, and the cost limit per run. */
export function BudgetMeter({ projectId, chatId, model, draft, compact }: BudgetMeterProps) {
  const isRunning = useConversation(isRunActive);
  const turns = useConversation(({ chat }) => chat.state.turns.length);
  const run = useConversation(countedUsage);
  const [isOpen, setIsOpen] = useState(false);
  const percent = contextPercent(run) ?? 0;
  const { contextUsed, contextWindow } = run?.usage ?? {};
  return (
    <Popover
      label="Context and cost"
      side="top"
      align="end"
      isOpen={isOpen}
      onOpenChange={setIsOpen}
      className="w-76 max-w-floating!"
      trigger={
        <Button
          size="sm"
          variant="ghost"
          aria-label={`Context and cost: ${formatPercent(percent / 100)} of context used`}
          className="flex-none px-1.5!"
        >
          <MeterRing percent={percent} label="Context used" isTextHidden={percent === 0} />
        </Button>
      }
    >
      <div className="grid grid-cols-1 gap-3 text-sm">
        <section className="grid grid-cols-1 gap-1">
          <h3 className="text-xs text-fg-2">Context</h3>
          <p className="num">
            {contextUsed !== undefined && contextWindow
              ? `${formatCompact(contextUsed)} of ${formatCompact(contextWindow)} tokens, ${formatPercent(percent / 100)}`
              : "No usage data yet"}
          </p>
          {turns > 0 && !isRunning ? (
            <div>
              <Button size="sm" disabled={compact.isPending} onClick={() => compact.start(run?.taskId)}>
                {compact.isPending ? "Compacting…" : "Compact chat"}
              </Button>
            </div>
          ) : null}
        </section>
        {isOpen ? <Outlook projectId={projectId} chatId={chatId} model={model} draft={draft} turns={turns} /> : null}
        {isOpen ? <CapField cap="max_cost_cents" label="Limit per run (USD)" placeholder="Server limit" /> : null}
      </div>
    </Popover>
  );
}

function tokensSentence({ tokens_in, likely_tokens_in, likely_tokens_out, basis }: CostEstimate): string {
  const first = formatCompact(tokens_in);
  const total = { in: formatCompact(likely_tokens_in), out: formatCompact(likely_tokens_out) };
  return basis === "your_runs"
    ? `${first} tokens in the first request, about ${total.in} in and ${total.out} out in total, based on your last runs`
    : `${first} tokens in the first request, about ${total.in} in and ${total.out} out in total`;
}

function Outlook(given: { projectId: string; chatId: string | undefined; model: string | undefined; draft: string; turns: number }) {
  const { data, error } = useQuery(estimateQuery(useServices().api, given));
  return (
    <section className="grid grid-cols-1 gap-1">
      <h3 className="text-xs text-fg-2">Next message</h3>
      {error ? (
        <p className="text-fg-2">
          <ErrorSentence of={error} />
        </p>
      ) : data ? (
        <>
          <p>{estimateSentence(data)}</p>
          <p className="num text-xs text-fg-2">{tokensSentence(data)}</p>
          {data.cost_limit_cents === null ? null : (
            <p className="num text-xs text-fg-2">The run pauses at {formatDollars(data.cost_limit_cents)}.</p>
          )}
        </>
      ) : (
        <p className="text-fg-3" role="status">
          Estimating…
        </p>
      )}
    </section>
  );
}

/** Shown above the composer when the context window is nearly full. */
export function CrowdedOffer({ run, compact }: { run: Run; compact: Compact }) {
  const percent = contextPercent(run) ?? 0;
  return (
    <div role="status" className="flex flex-wrap items-center gap-x-3 gap-y-1.5 rounded-3 border border-line-0 bg-bg-1 px-3 py-2 text-sm">
      <p className="min-w-0 flex-1 leading-note">This chat uses {formatPercent(percent / 100)} of the model's context.</p>
      <Button size="sm" disabled={compact.isPending} onClick={() => compact.start(run.taskId)}>
        {compact.isPending ? "Compacting…" : "Compact chat"}
      </Button>
    </div>
  );
}
